using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

public sealed class RouteRegexTests
{
    [Fact]
    public void PathsHeadersAndQueriesMatchAsAWhole()
    {
        var table = Compile(
            To("path", new RouteMatch { SafeRegex = Regex("/items/[0-9]+") }),
            To("header", new HeaderMatcher { Name = "x", SafeRegexMatch = Regex("a+") }),
            To("string", new HeaderMatcher { Name = "y", StringMatch = new StringMatcher { SafeRegex = Regex("(?i)b+") } }),
            To("not", new HeaderMatcher { Name = "z", SafeRegexMatch = Regex(".*secret.*"), InvertMatch = true }),
            To("query", new QueryParameterMatcher { Name = "q", StringMatch = new StringMatcher { SafeRegex = Regex("[a ]+") } }));
        Assert.Equal("path", new TestRequest("/items/17?x=/no").RouteOf(table));
        Assert.Equal("-", new TestRequest("/items/17/x").RouteOf(table));
        Assert.Equal("-", new TestRequest("/x/items/17").RouteOf(table));
        Assert.Equal("header", new TestRequest("/", fields: ("X", "aaa")).RouteOf(table));
        Assert.Equal("-", new TestRequest("/", fields: [("X", "a"), ("x", "a")]).RouteOf(table));
        Assert.Equal("string", new TestRequest("/", fields: ("Y", "bB")).RouteOf(table));
        Assert.Equal("not", new TestRequest("/", fields: ("Z", "public")).RouteOf(table));
        Assert.Equal("-", new TestRequest("/", fields: ("Z", "a secret")).RouteOf(table));
        Assert.Equal("query", new TestRequest("/?q=a+a%61").RouteOf(table));
        Assert.Equal("-", new TestRequest("/?q=ab").RouteOf(table));
    }

    [Fact]
    public void OrderHoldsAmongManyRoutes()
    {
        var routes = Enumerable.Range(0, 100).Select(i => To($"exact-{i}", new RouteMatch { Path = $"/{i}" })).ToList();
        routes.Insert(50, To("regex", new RouteMatch { SafeRegex = Regex("/[0-9]*[05]") }));
        var table = Compile([.. routes]);
        Assert.Equal("exact-45", new TestRequest("/45").RouteOf(table));
        Assert.Equal("regex", new TestRequest("/55").RouteOf(table));
        Assert.Equal("exact-56", new TestRequest("/56").RouteOf(table));
        Assert.Equal("regex", new TestRequest("/1000").RouteOf(table));
    }

    [Fact]
    public void MistakesNameTheFieldAndThePosition()
    {
        Assert.Equal(
            "virtual_hosts[0].routes[0].match.safe_regex.regex: 'a(b' at 1: '(' without ')'",
            Refused(To("r", new RouteMatch { SafeRegex = Regex("a(b") })));
        Assert.Contains("match.safe_regex.regex: required", Refused(To("r", new RouteMatch { SafeRegex = Regex("") })), StringComparison.Ordinal);
        Assert.Contains(
            "match.headers[0].safe_regex_match.regex: '(?=a)' at 0: look-around is not supported",
            Refused(To("r", new HeaderMatcher { Name = "x", SafeRegexMatch = Regex("(?=a)") })),
            StringComparison.Ordinal);
        Assert.Contains(
            "match.headers[0].string_match.safe_regex.regex: ",
            Refused(To("r", new HeaderMatcher { Name = "x", StringMatch = new StringMatcher { SafeRegex = Regex("[") } })),
            StringComparison.Ordinal);
        Assert.Contains(
            "match.query_parameters[0].string_match.safe_regex.regex: ",
            Refused(To("r", new QueryParameterMatcher { Name = "x", StringMatch = new StringMatcher { SafeRegex = Regex(@"\1") } })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AllExpressionsTogetherAreBounded()
    {
        var routes = Enumerable.Range(0, 25).Select(i => To($"r{i}", new RouteMatch { SafeRegex = Regex($"x{i}(a{{990}}){{10}}") })).ToArray();
        Assert.Contains("all expressions together are too large", Refused(routes), StringComparison.Ordinal);
        Compile([.. Enumerable.Repeat(routes[0], 25)]); // the same text is compiled once
    }

    [Fact]
    public void MatchingAllocatesNothing()
    {
        var table = Compile(
            To("path", new RouteMatch { SafeRegex = Regex("/items/[0-9]+") }),
            To("header", new HeaderMatcher { Name = "x", SafeRegexMatch = Regex("a+,a+") }));
        TestRequest[] requests = [new("/items/17"), new("/", fields: [("x", "a"), ("x", "aa")])];
        Assert.Equal(["path", "header"], requests.Select(request => request.RouteOf(table)));
        Allocations.AssertNone(() =>
        {
            foreach (var request in requests)
            {
                table.Match(request.View);
            }
        });
    }

    private static RegexMatcher Regex(string text) => new() { Regex = text };
}
