import COpenSSL

extension TLSContext {
    /// What the certificate in use says of itself.
    package struct Certificate: Sendable, Hashable {
        /// In seconds since 1970.
        package let validFrom: Int64
        /// In seconds since 1970; of it or of one that leads from it to the root, the first to end.
        package let validUntil: Int64
        /// It leads to no other: it signed itself.
        package let isSelfIssued: Bool
        /// How many follow it in its file.
        package let intermediates: Int

        package init(
            validFrom: Int64, validUntil: Int64, isSelfIssued: Bool, intermediates: Int
        ) {
            self.validFrom = validFrom
            self.validUntil = validUntil
            self.isSelfIssued = isSelfIssued
            self.intermediates = intermediates
        }
    }

    /// - Throws: `unavailable` if a date in it can't be read.
    package func certificate() throws(PlatformError) -> Certificate {
        try withRaw { raw throws(PlatformError) in
            guard let own = SSL_CTX_get0_certificate(raw) else { throw .unavailable("certificate") }
            let count = muster_ssl_ctx_chain_count(raw)
            var ends = try Self.seconds(X509_get0_notAfter(own))
            for index in 0..<count {
                guard let next = muster_ssl_ctx_chain(raw, index) else { continue }
                ends = min(ends, try Self.seconds(X509_get0_notAfter(next)))
            }
            let names = (X509_get_subject_name(own), X509_get_issuer_name(own))
            return Certificate(
                validFrom: try Self.seconds(X509_get0_notBefore(own)), validUntil: ends,
                isSelfIssued: X509_NAME_cmp(names.0, names.1) == 0, intermediates: Int(count))
        }
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(PlatformError) -> Int64 {
        let epoch = ASN1_TIME_set(nil, 0)
        defer { ASN1_STRING_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
            throw .unavailable("a certificate's date")
        }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}
