import HTTPWire
import JSON

/// An answer to what can't be done, written once and referred to.
struct Refusal: Sendable {
    let status: Status
    let name: String
    let about: String
    /// The body; `nil` for none.
    var component: Component? = .error
    /// Whether it is a page for people instead.
    var isPage = false
    var headers: [String] = []

    static let all: [Refusal] =
        [
            invalid, unauthorized, forbidden, notFound, slow, conflict, gone, tooLarge, coding,
            reused,
            `internal`, unavailable, notReady, notModified, unknownApp, throttled, ledOn,
            ledOnFromPage, noSuchLink,
        ] + webhook + elements

    static let invalid = Refusal(
        status: .badRequest, name: "Invalid",
        about: "The request can't be meant; the message names what is wrong.")
    static let unauthorized = Refusal(
        status: .unauthorized, name: "Unauthorized", about: "There is no valid operator key.",
        headers: ["WWW-Authenticate"])
    static let forbidden = Refusal(
        status: .forbidden, name: "Forbidden", about: "The key's scope does not reach so far.",
        headers: ["WWW-Authenticate"])
    static let notFound = Refusal(
        status: .notFound, name: "NotFound", about: "There is nothing of this id.")
    static let slow = Refusal(
        status: .requestTimeout, name: "Slow", about: "The body came too slowly.")
    static let conflict = Refusal(
        status: .conflict, name: "Conflict", about: "The state of things forbids it.")
    static let gone = Refusal(
        status: .gone, name: "Gone", about: "It existed, and has been removed since.")
    static let tooLarge = Refusal(
        status: .contentTooLarge, name: "TooLarge", about: "The body is too long.")
    static let coding = Refusal(
        status: .unsupportedMediaType, name: "UnsupportedCoding",
        about: "The body's Content-Encoding is none of gzip, deflate and identity.",
        headers: ["Accept-Encoding"])
    static let reused = Refusal(
        status: .unprocessableContent, name: "IdempotencyKeyReused",
        about: "The Idempotency-Key was used for another request.")
    static let `internal` = Refusal(
        status: .internalServerError, name: "Internal",
        about: "A fault of Muster's; the request id finds it in the log.")
    static let unavailable = Refusal(
        status: .serviceUnavailable, name: "Unavailable",
        about: "Trouble that will pass: try again.", headers: ["Retry-After"])

    static let notReady = Refusal(
        status: .serviceUnavailable, name: "NotReady", about: "Not now; the word says why.",
        component: .health, headers: ["Retry-After"])

    static let notModified = Refusal(
        status: .notModified, name: "NotModified", about: "It is what the caller has already.",
        component: nil, headers: ["ETag", "Cache-Control"])

    static let unknownApp = Refusal(
        status: .unauthorized, name: "UnknownApp", about: "There is no valid public key.",
        headers: ["WWW-Authenticate"])
    static let throttled = Refusal(
        status: .tooManyRequests, name: "Throttled",
        about: "Too many calls came from this address within a minute.", headers: ["Retry-After"])
    static let ledOn = Refusal(
        status: .found, name: "LedOn", about: "The person is led to the study.", component: nil,
        headers: ["Location", "Cache-Control"])
    static let ledOnFromPage = Refusal(
        status: .seeOther, name: "LedOnFromPage", about: "The person is led to the study.",
        component: nil, headers: ["Location", "Cache-Control"])
    static let noSuchLink = Refusal(
        status: .notFound, name: "NoSuchLink", about: "A page that says so.", component: nil,
        isPage: true)

    /// In the shape of the element API.
    private static func element(
        _ status: Status, _ name: String, _ about: String, headers: [String] = []
    ) -> Refusal {
        Refusal(
            status: status, name: "Element" + name, about: about, component: .elementError,
            headers: headers + ["Elements-Request-Id"])
    }

    static let elementConflict = element(
        .conflict, "Conflict", "The state of things forbids it, or the credential does.")
    static let elementNotAcceptable = element(
        .notAcceptable, "NotAcceptable", "There is none of these media types.")
    static let elementGone = element(.gone, "Gone", "The file is not kept any more.")

    private static let ofEveryElement = [
        element(.badRequest, "Invalid", "The request can't be meant; the message says why."),
        element(
            .unauthorized, "Unauthorized", "A secret or the token is wrong.",
            headers: ["WWW-Authenticate"]),
        element(.notFound, "NotFound", "There is nothing of this id."),
        element(.internalServerError, "Internal", "A fault of Muster's."),
        element(
            .serviceUnavailable, "Unavailable", "Trouble that will pass: try again.",
            headers: ["Retry-After"]),
    ]
    private static let ofElementBodies = [
        element(.requestTimeout, "Slow", "The body came too slowly."),
        element(.contentTooLarge, "TooLarge", "The body is too long."),
        element(
            .unsupportedMediaType, "UnsupportedCoding", "The body's Content-Encoding is unknown.",
            headers: ["Accept-Encoding"]),
    ]
    private static let ofHubs = [
        element(.forbidden, "Forbidden", "The instance is disabled, or Mixpanel refuses it."),
        elementConflict,
        element(
            .tooManyRequests, "TooMany", "Mixpanel's quota is used up.", headers: ["Retry-After"]),
        element(.badGateway, "BadGateway", "Mixpanel is in trouble, or out of reach."),
    ]

    static let elements =
        ofEveryElement + ofElementBodies + ofHubs + [elementNotAcceptable, elementGone]

    /// Those of every operation of the element API.
    static func ofElements(_ need: AdmitElement.Need, hasBody: Bool) -> [Refusal] {
        ofEveryElement + (hasBody ? ofElementBodies : []) + (need == .hub ? ofHubs : [])
    }

    /// What Mixpanel is told, in its own shape.
    static let webhook: [Refusal] = [
        Refusal(
            status: .badRequest, name: "PageInvalid",
            about: "Not a page. Mixpanel pauses the sync and mails its owner.",
            component: .pageProblem),
        Refusal(
            status: .unauthorized, name: "PageUnauthorized",
            about: "Username or secret is wrong. Mixpanel pauses the sync and mails its owner.",
            component: .pageProblem, headers: ["WWW-Authenticate"]),
        Refusal(
            status: .notFound, name: "PageNotFound",
            about: "No connection has this URL. Mixpanel pauses the sync and mails its owner.",
            component: .pageProblem),
        Refusal(
            status: .tooManyRequests, name: "PageThrottled",
            about: "Too many wrong credentials came from this address. Mixpanel tries again.",
            component: .pageProblem, headers: ["Retry-After"]),
        Refusal(
            status: .serviceUnavailable, name: "PageUnavailable",
            about: "Muster's own trouble, or the sync is switched off. Mixpanel tries again.",
            component: .pageProblem, headers: ["Retry-After"]),
    ]

    /// As an operation refers to it.
    var member: (key: String, value: JSONValue) {
        (String(status.code), ["$ref": .string("#/components/responses/\(name)")])
    }

    /// As it is written once.
    var definition: (key: String, value: JSONValue) {
        let headers = (["X-Request-Id"] + headers).map { ($0, DescribedAnswer.header($0)) }
        var members: [(key: String, value: JSONValue)] = [
            ("description", .string(about)), ("headers", .object(JSONObject(headers))),
        ]
        if let component {
            let content = DescribedAnswer.content("application/json", .reference(to: component))
            members.append(("content", content))
        } else if isPage {
            let page = Schema.text("A page for people.", "<!doctype html>")
            members.append(("content", DescribedAnswer.content("text/html", page)))
        }
        return (
            name, .object(JSONObject(members))
        )
    }
}
