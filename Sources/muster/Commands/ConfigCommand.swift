import ArgumentParser
import Configuration
import JSON

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings in effect, and where each was said.",
        subcommands: [Show.self, Check.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows every key: its value, its unit, and where the value comes from.",
            discussion: """
                From the first place that has the key: a flag, the environment, the file, the \
                default. What is secret is not shown.
                """)

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await explainingFailures {
                let settings = try await options.readConfiguration().settings
                if listing.json {
                    Terminal.out(Listing.json(settings) { json, setting in json.setting(setting) })
                } else {
                    let rows = settings.map { setting in
                        [
                            setting.key, setting.text,
                            ConfigurationKeys.unit(of: setting.key) ?? "",
                            setting.origin.name ?? "default",
                        ]
                    }
                    Terminal.out(Terminal.table(["KEY", "VALUE", "UNIT", "FROM"], rows))
                }
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells everything that is wrong with the settings, without starting.",
            discussion: "Ends with 0 if nothing is, with 78 otherwise. `doctor` looks further.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            do throws(ConfigurationProblems) {
                _ = try await options.readConfiguration()
                Terminal.out(listing.json ? Self.json([]) : "The settings are good.")
            } catch {
                Terminal.out(listing.json ? Self.json(error.problems) : error.description)
                throw Ending.configuration
            }
        }

        private static func json(_ problems: [String]) -> String {
            var json = JSONWriter()
            json.beginObject()
            json.key("problems")
            json.beginArray()
            for problem in problems { json.string(problem) }
            json.endArray()
            json.endObject()
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }
}

extension JSONWriter {
    /// `{"key","value","unit","from":{"place","name"},"is_secret"}`; a secret's value is masked.
    fileprivate mutating func setting(_ setting: Setting) {
        beginObject()
        key("key")
        string(setting.key)
        key("value")
        value(of: setting)
        key("unit")
        if let unit = ConfigurationKeys.unit(of: setting.key) { string(unit) } else { null() }
        key("from")
        beginObject()
        key("place")
        string(setting.origin.place)
        key("name")
        if let name = setting.origin.name { string(name) } else { null() }
        endObject()
        key("is_secret")
        bool(setting.isSecret)
        endObject()
    }

    private mutating func value(of setting: Setting) {
        guard !setting.isSecret else { return string(setting.isSet ? Setting.masked : "") }
        switch setting.content {
        case .int(let number): int(number)
        case .bool(let flag): bool(flag)
        case .string(let text): string(text)
        case .stringArray(let texts):
            beginArray()
            for text in texts { string(text) }
            endArray()
        default: string(setting.text)
        }
    }
}
