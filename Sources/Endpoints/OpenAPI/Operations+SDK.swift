import Audiences
import HTTPWire

/// What apps and browsers call.
extension DescribedOperation {
    static let sdk: [DescribedOperation] = [
        DescribedOperation(
            .get, "/sdk/v1/config", "loadConfiguration", .sdk, .app,
            "Which events to tell of, and whether somebody is invited",
            .object(.sdkConfiguration, "For `ttl_seconds`.")
        ).with {
            $0.query = [
                .query(
                    "reference_id", .externalIDOrEmpty("Who is signed in, if anybody.", "user-42")),
                .query("identity", identity),
            ]
        },
        preflight("/sdk/v1/config", "preflightConfiguration"),
        DescribedOperation(
            .post, "/sdk/v1/launches", "launch", .sdk, .app,
            "Ask whether an event launches something, or accept an invite",
            .object(.launch, "What to open, or why nothing.")
        ).with {
            $0.about = """
                With `event_name`, or the `rule_id` of a direct link, nothing has started yet: \
                `launch_url` is the invite's link, and opening it is the start. With \
                `invite_code` the invite is accepted, which is the start, and `launch_url` the \
                study's address. Everything is decided anew then, so a prompt that waited too \
                long is answered `not_eligible`. An accept that is sent again with the same \
                `attempt_id` is answered the same.
                """
            $0.body = Body(component: .launchRequest)
        },
        preflight("/sdk/v1/launches", "preflightLaunch"),
        DescribedOperation(
            .post, "/sdk/v1/invites/{code}/events", "reportInvite", .sdk, .app,
            "Report what became of an invite",
            .object(.reportedInvite, "As it is now; also if that was known.")
        ).with { $0.body = Body(component: .inviteReport) },
        preflight("/sdk/v1/invites/{code}/events", "preflightReport"),
    ]

    static let links: [DescribedOperation] = [
        DescribedOperation(
            .get, "/i/{code}", "openInvite", .links, .anybody, "Open an invite's link",
            .texts([("text/html", "<!doctype html>")], "A page with a button, or that it is over.")
        ).with {
            $0.about = """
                A browser in which a person goes there (`Sec-Fetch-Mode: navigate`) is led to the \
                study at once, which is the start. Everybody else, previews of links too, gets a \
                page, and nothing starts.
                """
            $0.refusals = [.ledOn, .noSuchLink, .internal, .unavailable]
        },
        DescribedOperation(
            .post, "/i/{code}", "pressInvite", .links, .anybody, "The button of that page",
            .texts([("text/html", "<!doctype html>")], "It is over; the page says why.")
        ).with { $0.refusals = [.ledOnFromPage, .noSuchLink, .internal, .unavailable] },
        DescribedOperation(
            .get, "/.well-known/apple-app-site-association", "getAppleAssociation", .links,
            .anybody, "Which iOS apps open invite links",
            .document("From `sdk.apple_app_ids`.", headers: ["Cache-Control"])
        ).with { $0.refusals = [.notFound] },
        DescribedOperation(
            .get, "/.well-known/assetlinks.json", "getAndroidAssociation", .links, .anybody,
            "Which Android apps open invite links",
            .document("From `sdk.android_apps`.", type: "array", headers: ["Cache-Control"])
        ).with { $0.refusals = [.notFound] },
    ]

    /// What browsers ask before a call from another origin.
    private static func preflight(_ path: String, _ id: String) -> DescribedOperation {
        DescribedOperation(
            .options, path, id, .sdk, .anybody, "May a page of another origin call this?",
            .nothing(
                "It may.",
                headers: [
                    "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
                    "Access-Control-Allow-Headers", "Access-Control-Max-Age",
                ]))
    }

    private static let identity = Component.identity
}
