using System.Globalization;
using System.Text;
using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Wire.Http1;
using Banyan.Xds;
using Banyan.Xds.Authorization;
using BenchmarkDotNet.Attributes;
using Policy = Banyan.Xds.Authorization.Policy;

namespace Banyan.Benchmarks;

/// <summary>One decision over so many rules, each for one caller, one method and one path, of which the last one allows.</summary>
public class AuthorizationBenchmarks
{
    private readonly RequestHead _head = new();
    private byte[] _bytes = [];
    private byte[] _identity = [];
    private AuthorizationTable _table = null!;

    /// <summary>Rules in the table.</summary>
    [Params(10, 1000)]
    public int Rules { get; set; }

    /// <summary>What tells them apart: callers, callers and namespaces, paths, or nothing that can be looked up.</summary>
    [Params("callers", "mixed", "paths", "headers")]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var rules = new RBAC();
        for (var i = 0; i < Rules; i++)
        {
            rules.Policies.Add(Text(i), new Policy { Principals = { Caller(i) }, Permissions = { Operation(i) } });
        }

        if (!AuthorizationTable.TryCompile([new AuthorizationFilter(rules, null)], "filters", out var table, out var error))
        {
            throw new InvalidOperationException(error);
        }

        _table = table;
        _identity = Encoding.Latin1.GetBytes(Kind == "paths" || Kind == "headers" ? Identity(0) : Identity(Rules - 1));
        _bytes = Encoding.Latin1.GetBytes($"POST {Path(Rules - 1)} HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\nx-tenant: {Text(Rules - 1)}\r\n\r\n");
        if (RequestParser.Parse(_bytes, _head) != ParseStatus.Complete || !Decide().Allowed)
        {
            throw new InvalidOperationException("the request is not allowed");
        }
    }

    [Benchmark]
    public AuthorizationDecision Decide() => _table.Decide(new AuthorizationView
    {
        Identity = _identity,
        Port = 80,
        IsHttp = true,
        Request = new RequestView
        {
            Head = _head,
            Bytes = _bytes,
            Authority = _head.Authority(_bytes),
            Path = _head.Path(_bytes),
            Query = [],
        },
    });

    private static string Text(int i) => i.ToString(CultureInfo.InvariantCulture);

    private static string Path(int i) => string.Create(CultureInfo.InvariantCulture, $"/api/items-{i}/details");

    private static string Identity(int i) => string.Create(CultureInfo.InvariantCulture, $"spiffe://banyan.local/ns/team-{i % 7}/sa/service-{i}");

    private static Permission Method => new()
    {
        Header = new HeaderMatcher { Name = ":method", StringMatch = new StringMatcher { Exact = "POST" } },
    };

    private Principal Caller(int i) => Kind switch
    {
        "paths" or "headers" => new Principal { Any = true },
        "mixed" when i % 4 == 0 => Named(new StringMatcher { Prefix = $"spiffe://banyan.local/ns/other-{i}/" }),
        _ => Named(new StringMatcher { Exact = Identity(i) }),
    };

    private Permission Operation(int i) => Kind == "headers"
        ? Both(new Permission { Header = new HeaderMatcher { Name = "x-tenant", StringMatch = new StringMatcher { Exact = Text(i) } } })
        : Both(new Permission { UrlPath = new PathMatcher { Path = new StringMatcher { Exact = Path(i) } } });

    private static Permission Both(Permission other) => new() { AndRules = new Permission.Types.Set { Rules = { Method, other } } };

    private static Principal Named(StringMatcher name) =>
        new() { Authenticated = new Principal.Types.Authenticated { PrincipalName = name } };
}
