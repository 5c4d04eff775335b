import FunctionModel
import Testing

@Suite("Event patterns") struct EventPatternTests {
    @Test(
        "an event is let through or not",
        arguments: [
            (#"{"a":["x"]}"#, #"{"a":"x"}"#, true), (#"{"a":["x"]}"#, #"{"a":"y"}"#, false),
            (#"{"a":["x","y"]}"#, #"{"a":"y"}"#, true), (#"{"a":["x"],"b":[1]}"#, #"{"a":"x","b":1}"#, true),
            (#"{"a":["x"],"b":[1]}"#, #"{"a":"x","b":2}"#, false), (#"{"a":["x"],"b":[1]}"#, #"{"a":"x"}"#, false),
            (#"{"a":[null]}"#, #"{"a":null}"#, true), (#"{"a":[true]}"#, #"{"a":1}"#, false),
            (#"{"a":[""]}"#, #"{"a":""}"#, true),
            (#"{"a":{"b":["x"]}}"#, #"{"a":{"b":"x"}}"#, true), (#"{"a":{"b":["x"]}}"#, #"{"a":"x"}"#, false),
            // Of a list, one is enough, also of objects.
            (#"{"a":["x"]}"#, #"{"a":["y","x"]}"#, true), (#"{"a":{"b":[1]}}"#, #"{"a":[{"b":2},{"b":1}]}"#, true),
            (#"{"a":[{"exists":true}]}"#, #"{"a":null}"#, true), (#"{"a":[{"exists":true}]}"#, #"{}"#, false),
            (#"{"a":[{"exists":false}]}"#, #"{}"#, true), (#"{"a":{"b":[{"exists":false}]}}"#, #"{}"#, true),
            (#"{"a":[{"exists":false}]}"#, #"{"a":1}"#, false),
            (#"{"a":[{"prefix":"us-"}]}"#, #"{"a":"us-1"}"#, true), (#"{"a":[{"prefix":"us-"}]}"#, #"{"a":1}"#, false),
            (#"{"a":[{"suffix":".png"}]}"#, #"{"a":"x.png"}"#, true),
            (#"{"a":[{"equals-ignore-case":"ABC"}]}"#, #"{"a":"aBc"}"#, true),
            (#"{"a":[{"wildcard":"a*c*"}]}"#, #"{"a":"abbcd"}"#, true),
            (#"{"a":[{"wildcard":"a*c"}]}"#, #"{"a":"ac"}"#, true),
            (#"{"a":[{"wildcard":"a*a"}]}"#, #"{"a":"a"}"#, false),
            (#"{"a":[{"numeric":[">",100]}]}"#, #"{"a":101}"#, true),
            (#"{"a":[{"numeric":[">=",100,"<",200]}]}"#, #"{"a":100}"#, true),
            (#"{"a":[{"numeric":[">=",100,"<",200]}]}"#, #"{"a":200}"#, false),
            (#"{"a":[{"numeric":["=",1]}]}"#, #"{"a":"1.0"}"#, true),
            (#"{"a":[{"anything-but":"x"}]}"#, #"{"a":"y"}"#, true),
            (#"{"a":[{"anything-but":["x","y"]}]}"#, #"{"a":"y"}"#, false),
            (#"{"a":[{"anything-but":"x"}]}"#, #"{}"#, false),
            (#"{"a":[{"anything-but":{"prefix":"x"}}]}"#, #"{"a":"xy"}"#, false),
            (#"{"$or":[{"a":[1]},{"b":[2]}]}"#, #"{"b":2}"#, true),
            (#"{"$or":[{"a":[1]},{"b":[2]}]}"#, #"{"b":3}"#, false),
            (#"{}"#, #"{"a":1}"#, true), (#"{"a":["x"]}"#, #""x""#, false),
        ] as [(String, String, Bool)])
    func matching(pattern: String, event: String, isThrough: Bool) throws {
        let pattern = try #require(EventPattern(pattern))
        #expect(pattern.matches(try #require(JSONValue(parsing: event))) == isThrough)
    }

    @Test(
        "what is no pattern is none",
        arguments: [
            "", "null", "simple string", #""x""#, "[]", #"{"a":"x"}"#, #"{"a":[]}"#, #"{"a":1}"#, #"{"a":null}"#,
            #"{"a":[["x"]]}"#, #"{"a":[{}]}"#, #"{"a":[{"no":1}]}"#, #"{"a":[{"exists":1}]}"#, #"{"a":[{"prefix":1}]}"#,
            #"{"a":[{"prefix":"x","suffix":"y"}]}"#, #"{"a":[{"numeric":[]}]}"#, #"{"a":[{"numeric":["!",1]}]}"#,
            #"{"a":[{"numeric":[">",2,"<",1]}]}"#, #"{"a":[{"numeric":["<",1,">",2]}]}"#,
            #"{"a":[{"anything-but":[]}]}"#,
            #"{"a":[{"anything-but":null}]}"#, #"{"$or":[{"a":[1]}]}"#, #"{"$or":[1,2]}"#, #"{"a":["x"=1]}"#,
            "{\"a\":[\"x\"]",
        ])
    func refusal(text: String) { #expect(EventPattern(text) == nil) }

    @Test("one that is deep beyond reason is none")
    func depth() {
        let deep = String(repeating: #"{"a":"#, count: 200) + "[1]" + String(repeating: "}", count: 200)
        #expect(EventPattern(deep) == nil)
    }
}
