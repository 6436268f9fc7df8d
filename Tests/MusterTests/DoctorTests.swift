import Audiences
import Foundation
import TestSupport
import Testing

@testable import muster

@Suite struct DoctorTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    @Test func aLineTellsWhatIsWrongAndHowToMendIt() {
        #expect(Finding.ok("disk", "all is well").line == "ok    disk: all is well")
        #expect(
            Finding.warn("disk", "little is free", fix: "make room").line
                == "warn  disk: little is free → make room")
        #expect(Finding.fail("a", "b", fix: "c").line == "fail  a: b → c")
    }

    @Test(
        arguments: [
            (nil, .warn), ("http://hooks.example.com", .warn), ("https://localhost", .warn),
            ("https://muster", .warn), ("https://10.1.2.3", .warn), ("https://172.16.0.1", .warn),
            ("https://172.32.0.1", .ok), ("https://192.168.1.1:8443", .warn),
            ("https://8.8.8.8", .ok),
            ("https://[fd00::1]", .warn), ("https://[2001:db8::1]", .ok),
            ("https://hooks.example.com/muster", .ok), ("https://hooks.internal", .warn),
        ] as [(String?, Finding.Status)])
    func aPublicAddressIsOneThatMixpanelCanReach(url: String?, status: Finding.Status) {
        #expect(SystemChecks.publicURL(url).status == status)
    }

    @Test func instancesThatWillStopWorkingAreCounted() {
        #expect(StoreChecks.findings(ending: 0, invalid: 0).isEmpty)
        let both = StoreChecks.findings(ending: 2, invalid: 1).map(\.line)
        #expect(both.count == 2)
        #expect(both.first?.contains("2 authenticate by the project's API secret") == true)
        #expect(both.first?.contains("3 March 2027") == true)
        #expect(both.last?.contains("takes 1 of them") == true)
    }

    @Test func descriptorsHaveToBeEnough() {
        #expect(SystemChecks.descriptors(limit: 100, max: 90, reserved: 10).status == .ok)
        #expect(SystemChecks.descriptors(limit: 99, max: 90, reserved: 10).status == .warn)
        #expect(SystemChecks.descriptors(limit: 99, max: .max, reserved: 10).status == .warn)
    }

    @Test func aDiskHasRoomForEverythingTwice() {
        let (little, spare) = (StoreChecks.freeBytesMin, StoreChecks.freeBytesSpare)
        #expect(StoreChecks.disk(free: spare + 7, storeBytes: 7).status == .ok)
        #expect(StoreChecks.disk(free: spare + 6, storeBytes: 7).status == .warn)
        #expect(StoreChecks.disk(free: little, storeBytes: 7).status == .warn)
        #expect(StoreChecks.disk(free: little - 1, storeBytes: 7).status == .fail)
        #expect(StoreChecks.disk(free: nil, storeBytes: 7).status == .warn)
    }

    @Test func whatIsOfTheFutureTellsThatTheClockIsWrong() {
        func status(_ ahead: Int64) -> Finding.Status {
            let newest = Timestamp(milliseconds: Self.now.milliseconds + ahead)
            return StoreChecks.timestamps(newest: newest, now: Self.now).status
        }
        #expect(StoreChecks.timestamps(newest: nil, now: Self.now).status == .ok)
        #expect(status(-1) == .ok)
        #expect(status(60_000) == .ok)
        #expect(status(60_001) == .fail)
    }

    @Test func aClockThatJumpsIsNoticed() {
        #expect(SystemChecks.steps(wall: 2000, monotonic: .milliseconds(1000)) == nil)
        #expect(SystemChecks.steps(wall: 2001, monotonic: .milliseconds(1000))?.status == .warn)
        #expect(SystemChecks.steps(wall: -500, monotonic: .milliseconds(600))?.status == .warn)
    }

    @Test(arguments: [(0, Finding.Status.fail), (1_800_000_000_000, .ok), (9e15, .fail)])
    func aClockOfAnotherAgeIsWrong(milliseconds: Double, status: Finding.Status) {
        let checks = SystemChecks(
            configuration: MusterConfiguration(), now: Timestamp(milliseconds: Int64(milliseconds)))
        #expect(checks.clock().status == status)
    }

    @Test(arguments: [(400, Finding.Status.warn), (20, .warn)])
    func aCertificateThatNobodyTrustsOrThatEndsIsToldOf(days: Int, status: Finding.Status) throws {
        let made = try MadeUpCertificate(days: days)
        var configuration = MusterConfiguration()
        #expect(SystemChecks(configuration: configuration, now: Composition.now()).tls() == nil)
        configuration.tls = TLSFiles(
            certificate: made.certificateFile, privateKey: made.privateKeyFile)
        let found = SystemChecks(configuration: configuration, now: Composition.now()).tls()
        #expect(found?.status == status)
        #expect(found?.sentence.contains(days < 30 ? "expires within 20" : "signed itself") == true)
        let over = Timestamp(milliseconds: 4_000_000_000_000)
        let later = SystemChecks(configuration: configuration, now: over).tls()
        #expect(later?.status == .fail)
        configuration.tls = TLSFiles(certificate: made.certificateFile, privateKey: "/nowhere")
        let broken = SystemChecks(configuration: configuration, now: Composition.now()).tls()
        #expect(broken?.status == .fail)
    }

    @Test func filesThatOthersMayReadAreToldOf() throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "muster-\(UUID())").path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var configuration = MusterConfiguration()
        configuration.dataDirectory = directory
        let checks = SystemChecks(configuration: configuration, now: Self.now)
        #expect(checks.permissions().map(\.status) == [.ok])
        let key = "\(directory)/\(KeyFile.name)"
        _ = FileManager.default.createFile(
            atPath: key, contents: nil, attributes: [.posixPermissions: 0o640])
        #expect(checks.permissions().map(\.status) == [.fail])
        #expect(checks.permissions().first?.fix == "chmod go= \(key)")
    }
}
