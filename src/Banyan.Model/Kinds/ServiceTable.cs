using System.Globalization;
using System.Text.Json.Nodes;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a Kubernetes Service.</summary>
internal static class ServiceTable
{
    private static readonly string[] ClusterOnly =
    [
        "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs", "externalName", "externalTrafficPolicy",
        "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
        "loadBalancerSourceRanges", "publishNotReadyAddresses", "sessionAffinity", "sessionAffinityConfig", "trafficDistribution", "type",
    ];

    private static readonly ObjectShape<ServicePort> Port = new(
        new Field<ServicePort, string>(
            "name",
            SharedShapes.Label,
            p => p.Name,
            (p, v) => p with { Name = v },
            "Name of the port; needed where there are several."),
        new Field<ServicePort, int>("port", SharedShapes.Port, p => p.Port, (p, v) => p with { Port = v }, "The port that callers name.") { Required = true },
        new Field<ServicePort, string>(
            "targetPort",
            new TargetPortShape(),
            p => p.TargetPort,
            (p, v) => p with { TargetPort = v },
            "Number or name of the port of the workloads."),
        new Field<ServicePort, string>(
            "appProtocol",
            SharedShapes.AnyText,
            p => p.AppProtocol,
            (p, v) => p with { AppProtocol = v },
            "What is spoken on the port."),
        new Field<ServicePort, TransportProtocol>(
            "protocol",
            new EnumShape<TransportProtocol>(
                ("TCP", TransportProtocol.Tcp), ("UDP", TransportProtocol.Udp), ("SCTP", TransportProtocol.Sctp)),
            p => p.Protocol,
            (p, v) => p with { Protocol = v },
            "Transport of the port."),
        new IgnoredField<ServicePort>("nodePort"));

    private static readonly ObjectShape<ServiceSpec> Spec = new(
    [
        new Field<ServiceSpec, EquatableList<ServicePort>>(
            "ports",
            new ListShape<ServicePort>(Port) { Max = 100, Key = p => p.Port > 0 ? $"{p.Port}/{p.Protocol.ToString().ToUpperInvariant()}" : null, KeyField = "port" },
            s => s.Ports,
            (s, v) => s with { Ports = v },
            "Its ports."),
        new Field<ServiceSpec, EquatableMap>(
            "selector",
            new MapShape(),
            s => s.Selector,
            (s, v) => s with { Selector = v },
            "Labels of the Workloads behind it; absent = those whose service is this name."),
        .. ClusterOnly.Select(name => new IgnoredField<ServiceSpec>(name)),
    ])
    {
        Check = CheckPortNames,
    };

    public static readonly ObjectShape<Service> Shape = ObjectTable.Build<Service, ServiceSpec>(
        ObjectMetaTable.WithLabel, Spec, s => s.Spec, (s, v) => s with { Spec = v });

    private static void CheckPortNames(ServiceSpec spec, MapNode map, Reading reading)
    {
        if (map.Find("ports") is not ListNode ports)
        {
            return;
        }

        var names = new Dictionary<string, Node>(StringComparer.Ordinal);
        reading.Push("ports");
        for (var i = 0; i < ports.Items.Count; i++)
        {
            reading.Push(i);
            var port = ports.Items[i] as MapNode;
            if (port?.Find("name") is ScalarNode { Text.Length: > 0 } name)
            {
                if (!names.TryAdd(name.Text, name))
                {
                    reading.Add(name, "name", $"{Quote.Text(name.Text)} comes twice in this list; first at {names[name.Text].Line}:{names[name.Text].Column}");
                }
            }
            else if (port is not null && ports.Items.Count > 1)
            {
                reading.Add(port, "name", "is required where there are several ports");
            }

            reading.Pop();
        }

        reading.Pop();
    }

    /// <summary>A number or a name (IntOrString).</summary>
    private sealed class TargetPortShape : Shape<string>
    {
        public override bool TryRead(Node node, Reading reading, out string value)
        {
            value = "";
            if (node is ScalarNode { Kind: ScalarKind.Integer })
            {
                var good = SharedShapes.Port.TryRead(node, reading, out var number);
                value = good ? number.ToString(CultureInfo.InvariantCulture) : "";
                return good;
            }

            return node is ScalarNode { Kind: ScalarKind.Text }
                ? SharedShapes.RequiredLabel.TryRead(node, reading, out value!)
                : Wrong(node, reading, "a port's number or name");
        }

        public override Node Write(string value) => new ScalarNode(
            value, isPlain: PlainScalar.KindOf(value) == ScalarKind.Integer, 0, 0);

        public override JsonObject Schema() => new() { ["type"] = new JsonArray("integer", "string") };
    }
}
