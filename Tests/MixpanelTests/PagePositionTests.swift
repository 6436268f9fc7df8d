import Audiences
import Mixpanel
import Testing

@Suite struct PagePositionTests {
    @Test(arguments: [
        (#"{"total_pages":10,"page_count":6}"#, PagePosition.page(number: 6, of: 10)),
        (#"{"total_pages":"3","page_count":"2"}"#, .page(number: 2, of: 3)),
        (#"{"page_count":1,"total_pages":1,"x":[1]}"#, .page(number: 1, of: 1)),
        (#"{"total_pages":1}"#, .page(number: 1, of: 1)),
        (#"{"total_pages":0,"page_count":0}"#, .absent),
        ("{}", .absent), ("null", .absent), (#"{"total_pages":null,"page_count":null}"#, .absent),
        (#"{"total_pages":3,"page_count":4}"#, .irregular),
        (#"{"total_pages":3,"page_count":0}"#, .irregular),
        (#"{"total_pages":3,"page_count":-1}"#, .irregular),
        (#"{"total_pages":3,"page_count":1.5}"#, .irregular),
        (#"{"total_pages":3,"page_count":"1.5"}"#, .irregular),
        (#"{"total_pages":3,"page_count":"one"}"#, .irregular),
        (#"{"total_pages":3,"page_count":"+1"}"#, .irregular),
        (#"{"total_pages":3,"page_count":" 1"}"#, .irregular),
        (#"{"total_pages":3,"page_count":""}"#, .irregular),
        (#"{"total_pages":3,"page_count":true}"#, .irregular),
        (#"{"total_pages":[3],"page_count":1}"#, .irregular),
        (#"{"total_pages":{},"page_count":1}"#, .irregular),
        (#"{"total_pages":1e400,"page_count":1}"#, .irregular),
        (#"{"total_pages":99999999999999999999,"page_count":1}"#, .irregular),
        (#"{"total_pages":2,"total_pages":3,"page_count":1}"#, .irregular),
        (#"{"total_pages":2,"page_count":2,"page_count":1}"#, .irregular),
        ("7", .irregular), ("[]", .irregular), (#""1/1""#, .irregular), ("false", .irregular),
    ])
    func pageInfoIsReadOrIrregular(written: String, position: PagePosition) throws {
        let one = #"[{"mixpanel_distinct_id":"a"}]"#
        let page = try read(call(one, parameters: #""page_info":\#(written),"#))
        #expect(page.position == position)
        #expect(page.ids == ["a"])
    }

    @Test func noPageInfoIsAbsent() throws {
        #expect(try read(call()).position == .absent)
    }
}
