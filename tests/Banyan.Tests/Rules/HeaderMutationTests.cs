using System.Text;
using Banyan.Rules;
using Banyan.Xds;
using Google.Protobuf;
using Xunit;
using static Banyan.Tests.Rules.Tables;
using Append = Banyan.Xds.HeaderValueOption.Types.HeaderAppendAction;

namespace Banyan.Tests.Rules;

public sealed class HeaderMutationTests
{
    [Fact]
    public void EditsAreCompleteLines()
    {
        var route = One(route =>
        {
            route.RequestHeadersToAdd.Add(Option("X-Colour", "blue 100%%"));
            route.RequestHeadersToAdd.Add(Option("x-two", " padded ", Append.OverwriteIfExistsOrAdd));
            route.RequestHeadersToAdd.Add(Option("x-three", "c", Append.AddIfAbsent));
            route.RequestHeadersToAdd.Add(Option("x-four", "d", Append.OverwriteIfExists));
            route.RequestHeadersToAdd.Add(new HeaderValueOption { Header = new HeaderValue { Key = "x-raw", RawValue = ByteString.CopyFrom(0xE9) } });
            route.RequestHeadersToRemove.Add("X-Old");
        });
        Assert.Equal(
            ["-x-old", "+x-colour: blue 100%", "=x-two: padded", "?x-three: c", "~x-four: d", "+x-raw: \u00e9"],
            Text(route.Backends[0].RequestHeaders));
        Assert.Equal("x-colour"u8.ToArray(), route.Backends[0].RequestHeaders.Set[0].Name);
        Assert.Same(route.RequestHeaders, route.Backends[0].RequestHeaders);
        Assert.Same(HeaderMutation.None, route.ResponseHeaders);
        Assert.True(route.ResponseHeaders.IsEmpty);
    }

    [Fact]
    public void EmptyValuesAreWrittenOnlyOnRequest()
    {
        var kept = Option("x-kept", "");
        kept.KeepEmptyValue = true;
        var route = One(route => route.ResponseHeadersToAdd.AddRange([Option("x-dropped", ""), kept]));
        Assert.Equal(["+x-kept: "], Text(route.ResponseHeaders));
    }

    [Fact]
    public void TheOldSpellingOfAppendWorks()
    {
        var overwrite = Option("x-a", "1");
        overwrite.Append = false;
        var append = Option("x-b", "2");
        append.Append = true;
        var route = One(route => route.RequestHeadersToAdd.AddRange([overwrite, append]));
        Assert.Equal(["=x-a: 1", "+x-b: 2"], Text(route.RequestHeaders));

        overwrite.AppendAction = Append.AddIfAbsent;
        Assert.Contains("append: set together with append_action", Mistake(overwrite), StringComparison.Ordinal);
    }

    [Fact]
    public void LevelsApplyFromTheMostSpecificOutwards()
    {
        var table = Compile(Levels());
        Assert.Equal(["+x: cluster", "+x: route", "+x: host", "+x: config"], Text(table.Routes[0].Backends[0].RequestHeaders));
        Assert.Equal(["+x: cluster", "+x: route", "+x: host", "+x: config"], Text(table.Routes[0].Backends[0].ResponseHeaders));
        Assert.Equal(["+x: route", "+x: host", "+x: config"], Text(table.Routes[0].RequestHeaders));
        Assert.Equal(["+x: route", "+x: host", "+x: config"], Text(table.Routes[0].Backends[1].ResponseHeaders));
    }

    [Fact]
    public void OrTheOtherWayRound()
    {
        var configuration = Levels();
        configuration.MostSpecificHeaderMutationsWins = true;
        var table = Compile(configuration);
        Assert.Equal(["+x: config", "+x: host", "+x: route", "+x: cluster"], Text(table.Routes[0].Backends[0].RequestHeaders));
        Assert.Equal(["+x: config", "+x: host", "+x: route"], Text(table.Routes[0].ResponseHeaders));
    }

    [Fact]
    public void RemovingAtAnOuterLevelTakesBackWhatAnInnerOneWrote()
    {
        var configuration = Levels();
        configuration.VirtualHosts[0].RequestHeadersToRemove.Add("X");
        configuration.VirtualHosts[0].Routes[0].RequestHeadersToAdd.Add(Option("y", "1"));
        var table = Compile(configuration);
        Assert.Equal(["-x", "+y: 1", "+x: host", "+x: config"], Text(table.Routes[0].Backends[0].RequestHeaders));
    }

    [Fact]
    public void MergingHasTheOutcomeOfApplyingTheLevelsOneByOne()
    {
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var levels = Enumerable.Range(0, 4).Select(level => RandomLevel(random, level)).ToArray();
            var configuration = Levels();
            configuration.MostSpecificHeaderMutationsWins = round % 2 == 0;
            var host = configuration.VirtualHosts[0];
            var cluster = host.Routes[0].Route_.WeightedClusters.Clusters[0];
            Fill(cluster.RequestHeadersToAdd, cluster.RequestHeadersToRemove, levels[0]);
            Fill(host.Routes[0].RequestHeadersToAdd, host.Routes[0].RequestHeadersToRemove, levels[1]);
            Fill(host.RequestHeadersToAdd, host.RequestHeadersToRemove, levels[2]);
            Fill(configuration.RequestHeadersToAdd, configuration.RequestHeadersToRemove, levels[3]);
            var merged = Compile(configuration).Routes[0].Backends[0].RequestHeaders;

            var original = new[] { "a: 0", "b: 0", "a: 1", "c: 0" }.Take(random.Next(5)).ToList();
            var expected = original.ToList();
            foreach (var (add, remove) in configuration.MostSpecificHeaderMutationsWins ? levels.Reverse() : levels)
            {
                Apply(expected, remove, add.Select(option => (option.Header.Key, $"{option.Header.Key}: {option.Header.Value}", (HeaderEditAction)option.AppendAction)));
            }

            var actual = original.ToList();
            Apply(
                actual,
                merged.Remove.Select(name => Encoding.ASCII.GetString(name)),
                merged.Set.Select(edit => (Encoding.ASCII.GetString(edit.Name), Encoding.ASCII.GetString(edit.Line)[..^2], edit.Action)));
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData("", "1", "header.key: required")]
    [InlineData(":path", "1", "':path' may not be changed")]
    [InlineData("Host", "1", "'host' may not be changed")]
    [InlineData("Content-Length", "1", "'content-length' may not be changed")]
    [InlineData("transfer-encoding", "1", "may not be changed")]
    [InlineData("X-Banyan-Error", "1", "'x-banyan-error': x-banyan- is the mesh's own")]
    [InlineData("a b", "1", "'a b' is not a field name")]
    [InlineData("a:", "1", "'a:' is not a field name")]
    [InlineData("caf\u00e9", "1", "is not a field name")]
    [InlineData("x", "a\r\nb: c", "header.value: contains NUL, CR or LF")]
    [InlineData("x", "a\0", "header.value: contains NUL, CR or LF")]
    [InlineData("x", "%DOWNSTREAM_REMOTE_ADDRESS%", "substitutions (%...%) are not supported; write %% for a percent sign")]
    [InlineData("x", "100%", "substitutions")]
    [InlineData("x", "%%%", "substitutions")]
    public void BadEditsAreRefused(string name, string value, string message)
    {
        var error = Mistake(Option(name, value));
        Assert.StartsWith("virtual_hosts[0].routes[0].request_headers_to_add[0].header", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void BadRemovalsAreRefusedAtEveryLevel()
    {
        var configuration = Levels();
        configuration.ResponseHeadersToRemove.Add("connection");
        configuration.VirtualHosts[0].RequestHeadersToRemove.Add("host");
        configuration.VirtualHosts[0].Routes[0].ResponseHeadersToRemove.Add(":status");
        configuration.VirtualHosts[0].Routes[0].Route_.WeightedClusters.Clusters[1].RequestHeadersToRemove.Add("te");
        var error = Refused(configuration);
        Assert.Contains("response_headers_to_remove[0]: 'connection'", error, StringComparison.Ordinal);
        Assert.Contains("virtual_hosts[0].request_headers_to_remove[0]: 'host'", error, StringComparison.Ordinal);
        Assert.Contains("virtual_hosts[0].routes[0].response_headers_to_remove[0]: ':status'", error, StringComparison.Ordinal);
        Assert.Contains("virtual_hosts[0].routes[0].route.weighted_clusters.clusters[1].request_headers_to_remove[0]: 'te'", error, StringComparison.Ordinal);
    }

    private static void Apply(List<string> fields, IEnumerable<string> remove, IEnumerable<(string Name, string Line, HeaderEditAction Action)> set)
    {
        foreach (var name in remove)
        {
            fields.RemoveAll(field => field.StartsWith(name + ":", StringComparison.Ordinal));
        }

        foreach (var (name, line, action) in set)
        {
            var exists = fields.Exists(field => field.StartsWith(name + ":", StringComparison.Ordinal));
            if (action is HeaderEditAction.Overwrite or HeaderEditAction.OverwriteIfExists)
            {
                fields.RemoveAll(field => field.StartsWith(name + ":", StringComparison.Ordinal));
            }

            if (action switch { HeaderEditAction.AddIfAbsent => !exists, HeaderEditAction.OverwriteIfExists => exists, _ => true })
            {
                fields.Add(line);
            }
        }
    }

    private static (HeaderValueOption[] Add, string[] Remove) RandomLevel(Random random, int level)
    {
        string[] names = ["a", "b", "c", "d"];
        var add = Enumerable.Range(0, random.Next(4)).Select(i => Option(names[random.Next(4)], $"{level}.{i}", (Append)random.Next(4)));
        var remove = Enumerable.Range(0, random.Next(3)).Select(_ => names[random.Next(4)]);
        return ([.. add], [.. remove]);
    }

    private static void Fill(ICollection<HeaderValueOption> add, ICollection<string> remove, (HeaderValueOption[] Add, string[] Remove) level)
    {
        add.Clear();
        foreach (var option in level.Add)
        {
            add.Add(option);
        }

        foreach (var name in level.Remove)
        {
            remove.Add(name);
        }
    }

    private static RouteConfiguration Levels()
    {
        var route = new Route
        {
            Name = "r",
            Match = new RouteMatch { Prefix = "/" },
            Route_ = new RouteAction
            {
                WeightedClusters = new WeightedCluster
                {
                    Clusters =
                    {
                        new WeightedCluster.Types.ClusterWeight
                        {
                            Name = "one",
                            Weight = 1,
                            RequestHeadersToAdd = { Option("x", "cluster") },
                            ResponseHeadersToAdd = { Option("x", "cluster") },
                        },
                        new WeightedCluster.Types.ClusterWeight { Name = "two", Weight = 1 },
                    },
                },
            },
            RequestHeadersToAdd = { Option("x", "route") },
            ResponseHeadersToAdd = { Option("x", "route") },
        };
        var configuration = Configuration(route);
        configuration.RequestHeadersToAdd.Add(Option("x", "config"));
        configuration.ResponseHeadersToAdd.Add(Option("x", "config"));
        configuration.VirtualHosts[0].RequestHeadersToAdd.Add(Option("x", "host"));
        configuration.VirtualHosts[0].ResponseHeadersToAdd.Add(Option("x", "host"));
        return configuration;
    }

    private static CompiledRoute One(Action<Route> change)
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        change(route);
        return Compile(route).Routes[0];
    }

    private static string Mistake(HeaderValueOption option)
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        route.RequestHeadersToAdd.Add(option);
        return Refused(route);
    }

    private static HeaderValueOption Option(string key, string value, Append action = Append.AppendIfExistsOrAdd) =>
        new() { Header = new HeaderValue { Key = key, Value = value }, AppendAction = action };

    private static IEnumerable<string> Text(HeaderMutation mutation) =>
        mutation.Remove.Select(name => "-" + Encoding.ASCII.GetString(name)).Concat(mutation.Set.Select(edit =>
        {
            var line = Encoding.Latin1.GetString(edit.Line);
            Assert.EndsWith("\r\n", line, StringComparison.Ordinal);
            return "+?=~"[(int)edit.Action] + line[..^2];
        }));
}
