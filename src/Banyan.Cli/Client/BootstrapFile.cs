using System.Net;
using System.Text.Json.Nodes;
using Banyan.Model;

namespace Banyan.Cli.Client;

/// <summary>
/// The files by which data planes of others find the control plane. What they understand goes with their name: the
/// flavour in the node's metadata.
/// </summary>
/// <param name="Node">NAMESPACE/WORKLOAD/REPLICA.</param>
/// <param name="Zone">region/zone, or empty.</param>
/// <param name="Control">Where the control plane serves xDS.</param>
internal sealed record BootstrapFile(string Node, string Zone, IPEndPoint Control)
{
    private const string ControlCluster = "banyan-control";

    /// <summary>The environment variable by which gRPC's libraries find their file.</summary>
    public const string GrpcVariable = "GRPC_XDS_BOOTSTRAP";

    /// <summary>What gRPC's libraries read.</summary>
    public JsonObject Grpc() => new()
    {
        ["xds_servers"] = new JsonArray(new JsonObject
        {
            ["server_uri"] = $"{Control}",
            ["channel_creds"] = new JsonArray(new JsonObject { ["type"] = "insecure" }),
            ["server_features"] = new JsonArray("xds_v3"),
        }),
        ["node"] = Describe(Flavour.Grpc),
    };

    /// <summary>What Envoy reads.</summary>
    public JsonObject Envoy() => new()
    {
        ["node"] = Describe(Flavour.Envoy),
        ["dynamic_resources"] = new JsonObject
        {
            ["ads_config"] = new JsonObject
            {
                ["api_type"] = "GRPC",
                ["transport_api_version"] = "V3",
                ["grpc_services"] = new JsonArray(new JsonObject
                {
                    ["envoy_grpc"] = new JsonObject { ["cluster_name"] = ControlCluster },
                }),
            },
            ["lds_config"] = Ads(),
            ["cds_config"] = Ads(),
        },
        ["static_resources"] = new JsonObject { ["clusters"] = new JsonArray(Cluster()) },
    };

    private static JsonObject Ads() => new() { ["ads"] = new JsonObject(), ["resource_api_version"] = "V3" };

    private JsonObject Describe(Flavour flavour)
    {
        var slash = Zone.IndexOf('/', StringComparison.Ordinal);
        return new JsonObject
        {
            ["id"] = Node,
            ["cluster"] = Node[..Node.LastIndexOf('/')],
            ["metadata"] = new JsonObject { [Flavours.MetadataKey] = flavour.Word() },

            // grpc-js wants it, however empty.
            ["locality"] = slash < 0
                ? new JsonObject()
                : new JsonObject { ["region"] = Zone[..slash], ["zone"] = Zone[(slash + 1)..] },
        };
    }

    private JsonObject Cluster() => new()
    {
        ["name"] = ControlCluster,
        ["type"] = "STATIC",
        ["connect_timeout"] = "1s",
        ["typed_extension_protocol_options"] = new JsonObject
        {
            ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] = new JsonObject
            {
                ["@type"] = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                ["explicit_http_config"] = new JsonObject { ["http2_protocol_options"] = new JsonObject() },
            },
        },
        ["load_assignment"] = new JsonObject
        {
            ["cluster_name"] = ControlCluster,
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["lb_endpoints"] = new JsonArray(new JsonObject
                {
                    ["endpoint"] = new JsonObject
                    {
                        ["address"] = new JsonObject
                        {
                            ["socket_address"] = new JsonObject
                            {
                                ["address"] = $"{Control.Address}", ["port_value"] = Control.Port,
                            },
                        },
                    },
                }),
            }),
        },
    };
}
