import Testing

@testable import Mixpanel

/// Records as rows.
@Suite struct RecordTableTests {
    @Test func columnsAreThoseOfAllRecords() {
        #expect(
            table([
                #"{"$distinct_id":"u-1","$properties":{"$email":"a@example.com","n":1.50}}"#,
                #"{"$properties":{"n":null,"é":true},"$distinct_id":90071992547409931}"#, "{}",
            ])
                == "$distinct_id,$email,n,é\r\nu-1,a@example.com,1.50,\r\n"
                + "90071992547409931,,,true\r\n,,,\r\n")
    }

    @Test func cellsAreQuotedWhereTheyMustBe() {
        #expect(
            table([
                #"{"$distinct_id":"a,b","$properties":{"x\"y":"say \"hi\"","#
                    + #""z":"1\r\n2","é":"\u00e9"}}"#
            ])
                == "$distinct_id,\"x\"\"y\",z,é\r\n"
                + "\"a,b\",\"say \"\"hi\"\"\",\"1\r\n2\",é\r\n")
    }

    @Test func whatIsNoTextIsJSON() {
        #expect(
            table([#"{"$distinct_id":{},"$properties":{"l":[1, "x"],"o":{"a":null}}}"#])
                == "$distinct_id,l,o\r\n{},\"[1, \"\"x\"\"]\",\"{\"\"a\"\":null}\"\r\n")
    }

    @Test func whatHasNoColumnStandsInTheLast() {
        #expect(
            table([#"{"$distinct_id":"u","more":[1],"$properties":7}"#, "7"])
                == "$distinct_id,other properties\r\n"
                + "u,\"{\"\"more\"\":[1],\"\"$properties\"\":7}\"\r\n"
                + ",\"{\"\"record\"\":7}\"\r\n")
    }

    @Test(arguments: [(0, false), (1, true)])
    func columnsHaveALimit(extra: Int, hasRest: Bool) {
        let names = (0..<(RecordTable.columnsMax + extra)).map { "\"p\($0)\":\($0)" }
        let record = #"{"$distinct_id":"u","$properties":{\#(names.joined(separator: ","))}}"#
        let lines = table([record]).split(separator: "\r\n")
        #expect(lines[0].hasSuffix(",other properties") == hasRest)
        #expect(lines[1].hasSuffix("\"{\"\"p1000\"\":1000}\"") == hasRest)
    }

    @Test(arguments: [(0, false), (1, true)])
    func namesHaveALimit(extra: Int, hasRest: Bool) {
        let name = String(repeating: "n", count: RecordTable.namesBytesMax + extra)
        let record = #"{"$distinct_id":"u","$properties":{"\#(name)":1}}"#
        #expect(table([record]).contains("other properties") == hasRest)
    }

    @Test func aRecordThatIsNewGoesIntoTheLastColumn() {
        var table = RecordTable(identity: "event", properties: "properties")
        table.note(Array(#"{"event":"a","properties":{"x":1},"more":2}"#.utf8))
        let row = table.row(Array(#"{"event":"b","properties":{"y":2,"x":3}}"#.utf8))
        #expect(text(row) == "b,3,\"{\"\"y\"\":2}\"\r\n")
    }

    private func table(_ records: [String]) -> String {
        var table = RecordTable(identity: "$distinct_id", properties: "$properties")
        for record in records { table.note(Array(record.utf8)) }
        return text(records.reduce(into: table.header) { $0 += table.row(Array($1.utf8)) })
    }
}
