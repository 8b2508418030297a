using Banyan.Rules;
using Banyan.Tests.Proxy.Xds;
using Banyan.Xds;
using Banyan.Xds.Refusal;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

/// <summary>What is not supported must never be ignored.</summary>
public sealed class RouteRefusalTests
{
    [Fact]
    public void EveryUnsupportedFieldIsRefusedByItsName()
    {
        var fields = new HashSet<string>(StringComparer.Ordinal);
        foreach (var seed in Seeds())
        {
            foreach (var (path, descriptor) in Walk(seed, ""))
            {
                foreach (var field in descriptor.Fields.InDeclarationOrder().Where(IsUnsupported))
                {
                    var configuration = seed.Clone();
                    Set(Find(configuration, path), field);
                    var full = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
                    Assert.Contains($"{full}: not supported", RefusedFields.Find(RouteConfiguration.Descriptor.FullName, configuration.ToByteArray()));
                    fields.Add($"{descriptor.Name}.{field.Name}");
                }
            }
        }

        Assert.True(fields.Count >= 55, $"only {fields.Count} fields were found");
    }

    [Fact]
    public void StructureIsChecked()
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        Expect("virtual_hosts[1].name: 'a' is used twice", Hosts(("a", ["x"]), ("a", ["y"])));
        Expect("virtual_hosts[0].name: required", Hosts(("", ["x"])));
        Expect("virtual_hosts[0].domains: at least one is required", Hosts(("a", [])));
        Expect("virtual_hosts[1].domains[1]: 'x.y' is used twice", Hosts(("a", ["x.y"]), ("b", ["z", "X.Y"])));
        Expect("virtual_hosts[0].domains[0]: must not be empty", Hosts(("a", [""])));
        Expect("virtual_hosts[0].domains[0]: 'a*b': one '*', first or last", Hosts(("a", ["a*b"])));
        Expect("virtual_hosts[0].domains[0]: '*a*': one '*', first or last", Hosts(("a", ["*a*"])));
        Expect("virtual_hosts[0].domains[0]: '**': one '*', first or last", Hosts(("a", ["**"])));
        Expect("virtual_hosts[0].routes[0].match: required", Configuration(new Route { Route_ = route.Route_ }));
        Expect("routes[0]: one of route, redirect and direct_response is required", Configuration(new Route { Match = route.Match }));
        Expect("routes[0].route: one of cluster and weighted_clusters is required", Configuration(new Route { Match = route.Match, Route_ = new RouteAction() }));
        Expect("routes[0].route.cluster: required", Configuration(new Route { Match = route.Match, Route_ = new RouteAction { Cluster = "" } }));
        Expect("routes[0].match: one of prefix, path, path_separated_prefix and safe_regex is required", Configuration(To("r", new RouteMatch())));
        Expect("match.path_separated_prefix: '/': ", Configuration(To("r", new RouteMatch { PathSeparatedPrefix = "/" })));
        Expect("match.path_separated_prefix: '/a/': ", Configuration(To("r", new RouteMatch { PathSeparatedPrefix = "/a/" })));
        Expect("match.headers[0].name: required", Configuration(To("r", new HeaderMatcher { ExactMatch = "1" })));
        Expect("match.headers[0].name: ':status' is not supported", Configuration(To("r", new HeaderMatcher { Name = ":status", ExactMatch = "1" })));
        Expect("match.headers[0].prefix_match: must not be empty", Configuration(To("r", new HeaderMatcher { Name = "x", PrefixMatch = "" })));
        Expect("match.headers[0].string_match: a pattern is required", Configuration(To("r", new HeaderMatcher { Name = "x", StringMatch = new StringMatcher() })));
        Expect("match.query_parameters[0].name: required", Configuration(To("r", new QueryParameterMatcher { PresentMatch = true })));
        Expect(
            "match.headers[0].string_match.contains: too long",
            Configuration(To("r", new HeaderMatcher { Name = "x", StringMatch = new StringMatcher { Contains = new string('a', 300), IgnoreCase = true } })));
    }

    [Fact]
    public void SizesAreBounded()
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        Expect("at most 10000 together, not 10001", Configuration([.. Enumerable.Repeat(route, RouteLimits.Routes + 1)]));
        Expect("virtual_hosts: at most 5000, not 5001", Hosts([.. Enumerable.Range(0, 5_001).Select(i => ($"h{i}", Array.Empty<string>()))]));
        Expect("virtual_hosts.domains: at most 10000 together, not 10001", Hosts(("a", [.. Enumerable.Range(0, 10_001).Select(i => $"d{i}")])));
        Expect("match.path: too long", Configuration(To("r", new RouteMatch { Path = "/" + new string('a', RouteLimits.TextLength) })));

        var many = route.Clone();
        many.Match.Headers.AddRange(Enumerable.Repeat(new HeaderMatcher { Name = "x", PresentMatch = true }, RouteLimits.Matchers + 1));
        Expect("match.headers: at most 64", Configuration(many));
        many = route.Clone();
        many.RequestHeadersToRemove.AddRange(Enumerable.Range(0, RouteLimits.HeaderChanges + 1).Select(i => $"x{i}"));
        Expect("request_headers_to_remove: at most 64", Configuration(many));
    }

    [Fact]
    public void SeveralMistakesAreToldTogetherUpToALimit()
    {
        var error = Refused([.. Enumerable.Range(0, 25).Select(i => To($"r{i}", new RouteMatch()))]);
        Assert.Equal(10, error.Split("; ").Count(part => part.StartsWith("virtual_hosts[0]", StringComparison.Ordinal)));
        Assert.EndsWith("; and 15 more", error, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsAConfigurationToo()
    {
        var table = Compile(new RouteConfiguration());
        Assert.Empty(table.Routes);
        Assert.Equal("-", new TestRequest("/").RouteOf(table));
    }

    private static void Expect(string message, RouteConfiguration configuration) =>
        Assert.Contains(message, Refused(configuration), StringComparison.Ordinal);

    private static RouteConfiguration Hosts(params (string Name, string[] Domains)[] hosts) =>
        new() { VirtualHosts = { hosts.Select(host => new VirtualHost { Name = host.Name, Domains = { host.Domains } }) } };

    /// <summary>Valid configurations that together hold every message.</summary>
    private static IEnumerable<RouteConfiguration> Seeds()
    {
        var full = To("r", new RouteMatch
        {
            Prefix = "/",
            Headers = { new HeaderMatcher { Name = "x", StringMatch = new StringMatcher { Exact = "a" } } },
            QueryParameters = { new QueryParameterMatcher { Name = "q", StringMatch = new StringMatcher { Exact = "a" } } },
        });
        full.Route_ = new RouteAction
        {
            WeightedClusters = new WeightedCluster { Clusters = { new WeightedCluster.Types.ClusterWeight { Name = "c", Weight = 1 } } },
        };
        yield return Configuration(full);
        yield return Configuration(new Route { Match = new RouteMatch { Prefix = "/" }, Redirect = new RedirectAction { HostRedirect = "a" } });
        yield return Configuration(new Route { Match = new RouteMatch { Prefix = "/" }, DirectResponse = new DirectResponseAction { Status = 200 } });
    }

    private static bool IsUnsupported(FieldDescriptor field) =>
        RefusedFieldTests.Names.Contains(field.FullName);

    private static IEnumerable<(string Path, MessageDescriptor Descriptor)> Walk(IMessage message, string path)
    {
        yield return (path, message.Descriptor);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message && !field.IsMap))
        {
            var value = field.Accessor.GetValue(message);
            var name = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            var children = field.IsRepeated
                ? ((System.Collections.IList)value).Cast<IMessage>().Select((child, i) => (child, $"{name}[{i}]"))
                : value is IMessage single ? [(single, name)] : [];
            foreach (var (child, childPath) in children)
            {
                foreach (var found in Walk(child, childPath))
                {
                    yield return found;
                }
            }
        }
    }

    private static IMessage Find(IMessage root, string path)
    {
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bracket = step.IndexOf('[', StringComparison.Ordinal);
            var value = root.Descriptor.FindFieldByName(bracket < 0 ? step : step[..bracket]).Accessor.GetValue(root);
            root = (IMessage)(bracket < 0 ? value : ((System.Collections.IList)value)[int.Parse(step[(bracket + 1)..^1])]!);
        }

        return root;
    }

    private static void Set(IMessage message, FieldDescriptor field)
    {
        object value = field.FieldType switch
        {
            FieldType.Bytes => ByteString.Empty, // the hardest case: a message that is there and empty
            FieldType.String => "x",
            FieldType.Bool or FieldType.Message => true,
            _ => 1UL,
        };
        if (field.IsRepeated)
        {
            ((System.Collections.IList)field.Accessor.GetValue(message)).Add(value);
        }
        else
        {
            field.Accessor.SetValue(message, value);
        }
    }
}
