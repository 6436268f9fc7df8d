import Audiences
import HTTPWire
import Logging
import Routing

/// `/i/{code}`: one link for an invite, with the app and without it.
///
/// Where the app is installed, the system hands the link to it (see ``AssociatedApps``) and nothing
/// comes here. Everywhere else a person's browser is led to the study, which counts as the start.
/// So nobody but a person may start it: mail scanners and chat previews open links, too. A browser
/// says by `Sec-Fetch-Mode: navigate` that somebody goes there (W3C Fetch Metadata); whoever does
/// not say so gets a page with a button, which sends a POST, and so does a browser that only looks
/// ahead. HEAD starts nothing.
struct InviteLinks: Sendable {
    private let launches: any LaunchStore
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        launches = parts.launches
        now = parts.now
    }

    static func path(of code: InviteCode) -> String { "/i/\(code.text)" }

    @Sendable func open(_ request: Request) async throws -> Response {
        let invite = try await invite(request)
        guard let invite else { return InvitePage.unknown }
        guard request.head.method == .get, Self.isPerson(request.head.headers) else {
            return InvitePage.button(for: invite.code)
        }
        return try await start(invite, request, leadingOnBy: .found)
    }

    /// The button of the page.
    @Sendable func press(_ request: Request) async throws -> Response {
        let invite = try await invite(request)
        guard let invite else { return InvitePage.unknown }
        // 303: what the study is asked with is a GET again (RFC 9110 section 15.4.4).
        return try await start(invite, request, leadingOnBy: .seeOther)
    }

    /// Read first: a code that nobody has must not cost a write.
    private func invite(_ request: Request) async throws -> Invite? {
        guard let code = InviteCode(request.parameters["code"]) else { return nil }
        return try await launches.invite(code)
    }

    private func start(
        _ invite: Invite, _ request: Request, leadingOnBy status: Status
    ) async throws -> Response {
        let offer = try await launches.start(
            invite.code, by: nil, of: nil, attempt: nil, at: now())
        switch offer {
        case .invitation(let invitation):
            request.logger.info(
                "invite opened", metadata: ["rule.id": .string(invite.ruleID.text)])
            return Response(
                status, headers: [("Location", invitation.studyAddress)] + InvitePage.headers)
        case .refused(let reason):
            return InvitePage.over(reason)
        }
    }

    private static func isPerson(_ headers: Headers) -> Bool {
        func says(_ name: StaticString, _ value: StaticString) -> Bool {
            value.withUTF8Buffer { headers.only(name)?.elementsEqual($0) ?? false }
        }
        let looksAhead = ["sec-purpose", "purpose", "x-purpose", "x-moz"].contains { name in
            !headers.values(name).isEmpty
        }
        return says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
            && !looksAhead
    }
}
