import Audiences
import Logging
import Platform

extension MusterConfiguration {
    /// Basic Auth over plain HTTP can be read by anybody on the way, so that is for this machine
    /// only, unless somebody said that the way is short.
    ///
    /// - Parameter address: where the server is going to listen.
    /// - Throws: a problem that names the two ways out.
    func refuseReadableCredentials(on address: SocketAddress) throws(ConfigurationProblems) {
        guard tls == nil, !isTLSTerminatedInFront, !address.isLoopback else { return }
        throw ConfigurationProblems([
            """
            \(host) can be reached from outside, where anybody on the way could read the \
            webhook's credentials: set tls.certificate_file and tls.private_key_file, or set \
            tls.terminated_in_front if a proxy in front of Muster speaks TLS.
            """
        ])
    }
}

extension TLSFiles {
    /// - Throws: a problem that names the file that can't be used.
    func load() throws(ConfigurationProblems) -> TLSContext {
        do throws(TLSFileError) {
            return try TLSContext(certificateFile: certificate, privateKeyFile: privateKey)
        } catch {
            throw ConfigurationProblems(["\(error)."])
        }
    }
}

extension TLSContext {
    /// What SIGHUP asks for: files that can't be used leave everything as it was.
    func reload(_ logger: Logger) {
        do throws(TLSFileError) {
            try reload()
            logger.notice("certificate reloaded")
            CertificateWatch(tls: self, now: Composition.now, logger: logger).look()
        } catch {
            logger.error(
                "certificate not reloaded, the one in use stays",
                metadata: ["error.detail": .string("\(error)")])
        }
    }
}
