import HTTPWire
import Testing

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Int.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func aTimeIsWrittenAsTheRFCWritesIt(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.format(secondsSince1970: seconds).text == text)
    }

    @Test func everyDayIsOneAfterTheDayBefore() {
        let months = [
            ("Jan", 31), ("Feb", 28), ("Mar", 31), ("Apr", 30), ("May", 31), ("Jun", 30),
            ("Jul", 31), ("Aug", 31), ("Sep", 30), ("Oct", 31), ("Nov", 30), ("Dec", 31),
        ]
        var day = 0
        for year in 1970...2110 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, usual) in months {
                for number in 1...(month == "Feb" && isLeap ? 29 : usual) {
                    let text = HTTPDate.format(secondsSince1970: day * 86_400).text
                    let padded = (number < 10 ? "0" : "") + "\(number)"
                    #expect(text.dropFirst(5) == "\(padded) \(month) \(year) 00:00:00 GMT")
                    day += 1
                }
            }
        }
    }
}
