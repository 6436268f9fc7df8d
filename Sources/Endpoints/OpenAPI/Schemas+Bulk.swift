import Audiences

/// Bulk jobs, and the errors of the element API.
extension Component {
    static let bulkDownload = Component(
        "BulkDownload", "A download to begin.",
        [
            Property("objectName", .word("What of.", ElementObject.allCases.map(\.rawValue))),
            .optional("format", .text("What `Accept: */*` means then.", "text/csv").orNull),
            .optional("where", .text("As for the list.", "\"$city\" = 'Dallas'").orNull),
            .optional("query", .text("In place of `where`.", "select * from users").orNull),
            .optional("from", .text("Of activities: not before.", "2026-11-01T00:00:00Z").orNull),
            .optional("to", .text("Of activities: before; now without.", "2026-11-22").orNull),
            .optional("limit", .count("How many at most.", 1000, in: 1...Int.max).orNull),
        ], isClosed: true)

    static let startedBulkJob = Component(
        "StartedBulkJob", "A bulk job that has begun.",
        [
            Property("id", .text("To name it by.", "7")),
            Property("instanceId", .count("Of which instance.", 12)),
            Property("status", .word("Not begun.", [BulkJob.Status.created.rawValue])),
        ])

    static let bulkJob = Component(
        "BulkJob", "A bulk job, in the words of both versions of the original.",
        [
            Property("id", .text("To name it by.", "7")),
            Property("instanceId", .count("Of which instance.", 12)),
            Property("status", .word("How far it is.", states)),
            Property("jobStatus", .word("The same.", states)),
            Property("statusMessage", .text("What it waits for, or why it ended.", "-").orNull),
            Property("objectName", .word("What of.", ElementObject.allCases.map(\.rawValue))),
            Property("jobDirection", .word("Always the same.", ["DOWNLOAD"])),
            Property("recordsCount", .count("How many were read so far.", 1000)),
            Property("recordCount", .count("The same.", 1000)),
            Property("recordsFailedCount", .count("How many could not be read.", 0)),
            Property("errorCount", .count("The same.", 0)),
            Property("jobCriteria", .text("What was asked for.", "select * from users")),
            Property(
                "fileFormat",
                .word("What `Accept: */*` means.", BulkJob.Format.allCases.map(\.rawValue))),
            Property("resumesAt", .text("When it goes on.", "2026-11-22T08:57:52Z").orNull),
            Property("createdDate", .count("Milliseconds since 1970.", 1_795_255_072_007)),
            Property("completionTime", .count("The same.", 1_795_255_072_007).orNull),
        ])

    private static let states = BulkJob.Status.allCases.map(\.rawValue)

    static let bulkError = Component(
        "BulkError", "An error of a bulk job.",
        [Property("message", .text("What was wrong.", "The instance is disabled."))])

    private static let fieldMapProperties: [Property] = [
        Property("vendorName", .word("What it maps.", [ElementObject.users.rawValue])),
        Property(
            "fields",
            .list(
                "What is renamed.",
                of: .object(
                    "One of them.",
                    [
                        Property("path", .text("Yours.", "email")),
                        Property("vendorPath", .text("Mixpanel's.", "$properties.$email")),
                    ]), items: 1...Limits.mappedFieldsMax)),
    ]
    private static let passThrough = Schema.list(
        "Whether what is not mapped comes along.",
        of: .object("It does.", [Property("type", .word("The only one.", ["passThrough"]))]))

    static let fieldMap = Component(
        "FieldMap", "A transformation without scripts.",
        [Property("objectName", .text("To read it by.", "people"))] + fieldMapProperties + [
            Property("configuration", passThrough)
        ])

    static let newFieldMap = Component(
        "NewFieldMap", "A field map to be set.",
        [.optional("objectName", .anything("Passed over.", "people"))] + fieldMapProperties + [
            .optional("configuration", passThrough.orNull)
        ], isClosed: true)

    static let mappedUser = Schema.map(
        "A person, under your names.", of: .anything("A field.", "ada@example.com"), "email")

    static let elementError = Component(
        "ElementError", "What went wrong, in the shape of the element API.",
        [
            Property("requestId", .text("As in the headers and the log.", "k2v9qd-1f")),
            Property("message", .text("One sentence for people.", "name must be a text.")),
            .optional("providerMessage", .text("What Mixpanel said.", "Invalid project id.")),
        ])
}
