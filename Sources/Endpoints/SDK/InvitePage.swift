import Audiences
import HTTPWire

/// The pages behind an invite's link: for people, without a script, and without a word about them.
enum InvitePage {
    /// An invite is for one person, once: no cache may keep what it leads to, and the study need
    /// not learn the address with the code from the browser.
    static let headers: [(name: String, value: String)] = [
        ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex"),
    ]

    static let unknown = page(
        .notFound, "This link leads nowhere", "Perhaps a part of it was lost on the way.")

    static func button(for code: InviteCode) -> Response {
        page(
            .ok, "You are invited to a study", "It opens when you go on.",
            form: """

                <form method="post" action="\(InviteLinks.path(of: code))">\
                <button>Go on to the study</button></form>
                """)
    }

    static func over(_ reason: LaunchRefusal) -> Response {
        let (title, text) =
            switch reason {
            case .alreadyCompleted:
                ("You have taken part already", "Thank you; there is nothing left to do.")
            case .studyPaused, .rulePaused, .notYet, .studyDraft, .ruleDraft, .studyFullThisWeek,
                .studyFullThisMonth:
                ("This study takes nobody at the moment", "Please try again another day.")
            case .unknownInvite:
                ("This link leads nowhere", "Perhaps a part of it was lost on the way.")
            default:
                ("This invitation has ended", "Thank you for your interest.")
            }
        // Not 410: what has ended today may be open again tomorrow.
        return page(.ok, title, text)
    }

    private static func page(
        _ status: Status, _ title: String, _ text: String, form: String = ""
    ) -> Response {
        let html = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(title)</title>
            <style>body{font:1.1rem/1.5 sans-serif;max-width:30rem;margin:15vh auto;padding:1rem}\
            button{font:inherit;padding:.5rem 1rem}</style>
            <h1>\(title)</h1>
            <p>\(text)</p>\(form)
            </html>

            """
        return Response(
            status,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
            ] + headers,
            body: .bytes(Array(html.utf8)))
    }

    /// Without `form-action`, which would keep the button from leading on to the study's host.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}
