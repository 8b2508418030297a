using System.Text.Json.Nodes;
using Banyan.Testing;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Banyan.Tests.Cli;

/// <summary>The files by which data planes of others find the control plane hold what those insist on.</summary>
public sealed class BootstrapTests
{
    private const string Control = "127.0.0.1:14999";
    private const string Options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static readonly string[] Common =
        ["bootstrap", "--node", "shop/cart-v1/2", "--control", Control, "--zone", "eu-1/a"];

    [Fact]
    public async Task EnvoyFindsEveryFieldThatItRequires()
    {
        var root = (await YamlAsync("--format", "envoy"))!;

        // Without an id and a cluster Envoy does not start with discovered resources.
        Assert.Equal("shop/cart-v1/2", Text(root, "node", "id"));
        Assert.Equal("shop/cart-v1", Text(root, "node", "cluster"));
        Assert.Equal("envoy", Text(root, "node", "metadata", "FLAVOUR"));
        Assert.Equal(("eu-1", "a"), (Text(root, "node", "locality", "region"), Text(root, "node", "locality", "zone")));
        var ads = root["dynamic_resources"]!["ads_config"]!;
        Assert.Equal(("GRPC", "V3"), (Text(ads, "api_type"), Text(ads, "transport_api_version")));
        foreach (var type in (string[])["lds_config", "cds_config"])
        {
            var source = root["dynamic_resources"]![type]!;
            Assert.Empty(source["ads"]!.AsObject());
            Assert.Equal("V3", Text(source, "resource_api_version"));
        }

        var cluster = Assert.Single(root["static_resources"]!["clusters"]!.AsArray())!;
        Assert.Equal(Text(cluster, "name"), Text(ads["grpc_services"]![0]!, "envoy_grpc", "cluster_name"));
        Assert.Equal(("STATIC", "1s"), (Text(cluster, "type"), Text(cluster, "connect_timeout")));
        Assert.Equal(Text(cluster, "name"), Text(cluster, "load_assignment", "cluster_name"));
        var address = cluster["load_assignment"]!["endpoints"]![0]!["lb_endpoints"]![0]!["endpoint"]!["address"]!["socket_address"]!;
        Assert.Equal("127.0.0.1", Text(address, "address"));
        Assert.Equal(14999, address["port_value"]!.GetValue<long>());

        // gRPC is HTTP/2; the type's URL is what Envoy finds the extension by.
        var options = cluster["typed_extension_protocol_options"]![Options]!;
        Assert.Equal("type.googleapis.com/" + Options, Text(options, "@type"));
        Assert.NotNull(options["explicit_http_config"]!["http2_protocol_options"]);
    }

    [Fact]
    public async Task EnvoysFileIsTheSameAsYamlAndAsJson()
    {
        var json = await RunAsync("--format", "envoy", "--output", "json");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), await YamlAsync("--format", "envoy")), json);
    }

    [Fact]
    public async Task LibrariesOfGrpcFindEveryFieldThatTheyRequire()
    {
        var root = JsonNode.Parse(await RunAsync())!;
        var server = Assert.Single(root["xds_servers"]!.AsArray())!;
        Assert.Equal(Control, Text(server, "server_uri"));
        Assert.Equal("insecure", Text(server["channel_creds"]![0]!, "type"));
        Assert.Contains("xds_v3", server["server_features"]!.AsArray().Select(each => each!.GetValue<string>()));
        Assert.Equal("shop/cart-v1/2", Text(root, "node", "id"));
        Assert.Equal("grpc", Text(root, "node", "metadata", "FLAVOUR"));
        Assert.Equal("a", Text(root, "node", "locality", "zone"));
    }

    private static string? Text(JsonNode node, params string[] path) =>
        path.Aggregate(node, (each, name) => each[name]!).GetValue<string>();

    private static async Task<JsonNode?> YamlAsync(params string[] more)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(await RunAsync(more)));
        return ToJson(Assert.Single(stream.Documents).RootNode);
    }

    private static async Task<string> RunAsync(params string[] more)
    {
        var result = await TestProcess.RunAsync(Repository.Cli, [.. Common, .. more]);
        Assert.True(result.ExitCode == 0, $"{result}");
        return result.Output;
    }

    // As YAML 1.2's core schema reads it: only a plain scalar can be a number.
    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(each =>
            KeyValuePair.Create(((YamlScalarNode)each.Key).Value!, ToJson(each.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var text } when long.TryParse(text, out var number) => number,
        YamlScalarNode scalar => scalar.Value,
        _ => null,
    };
}
