import ArgumentParser

@main
struct Muster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Receives Mixpanel cohorts and answers who is in them.",
        version: Version.current,
        subcommands: [
            Serve.self, ConnectionCommand.self, SecretCommand.self, KeyCommand.self,
            AudienceCommand.self, ReconciliationCommand.self, ChangesCommand.self,
            PersonCommand.self, StudyCommand.self, RuleCommand.self, InviteCommand.self,
            SDKCommand.self, HookCommand.self, SecretsCommand.self, ElementsUserCommand.self,
            AuditCommand.self, ConfigCommand.self, BackupCommand.self, RestoreCommand.self,
            Doctor.self, SimulateCommand.self, Healthcheck.self,
        ])
}

enum Version {
    static let current = "0.1.0"
}
