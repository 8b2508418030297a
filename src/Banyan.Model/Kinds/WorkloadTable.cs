using System.Net;
using System.Net.Sockets;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a Workload.</summary>
internal static class WorkloadTable
{
    private static readonly TextShape PathText = new()
    {
        Check = static text => text[0] == '/' ? null : $"{Quote.Text(text)} must begin with \"/\"",
        Pattern = "^/",
    };

    private static readonly TextShape Zone = new()
    {
        Check = static text =>
        {
            var parts = text.Split('/');
            return parts.Length == 2 && parts.All(p => p.Length > 0 && Names.CheckLabel(p) is null)
                ? null
                : $"{Quote.Text(text)} is not of the form region/zone, for example eu-1/a";
        },
        Pattern = "^[-a-z0-9]+/[-a-z0-9]+$",
    };

    private static readonly TextShape ServiceName = new()
    {
        Check = static text =>
        {
            var dot = text.IndexOf('.');
            var bad = dot < 0
                ? Names.CheckLabel(text)
                : Names.CheckLabel(text[..dot]) ?? Names.CheckLabel(text[(dot + 1)..]);
            return bad is null ? null : $"{Quote.Text(text)} is not a service: write NAME or NAME.NAMESPACE";
        },
        Pattern = @"^[-a-z0-9]+(\.[-a-z0-9]+)?$",
        MinLength = 1,
    };

    private static readonly TextShape Address = new()
    {
        Check = static text => IsAddress(text) ? null : $"{Quote.Text(text)} is not an IP address; addresses are literal and without a port",
        MinLength = 1,
    };

    private static readonly EnumShape<PortProtocol> Protocol = new(
        ("http", PortProtocol.Http),
        ("http2", PortProtocol.Http2),
        ("grpc", PortProtocol.Grpc),
        ("tcp", PortProtocol.Tcp),
        ("tls", PortProtocol.Tls),
        ("auto", PortProtocol.Auto));

    private static readonly ObjectShape<WorkloadPort> Port = new(
        new Field<WorkloadPort, string>(
            "name",
            SharedShapes.Label,
            p => p.Name,
            (p, v) => p with { Name = v },
            "Name of the port; needed where there are several."),
        new Field<WorkloadPort, int>("port", SharedShapes.Port, p => p.Port, (p, v) => p with { Port = v }, "The port that callers name.") { Required = true },
        new Field<WorkloadPort, int>(
            "targetPort",
            SharedShapes.PortOrZero,
            p => p.TargetPort,
            (p, v) => p with { TargetPort = v },
            "The port the application listens on; 0 = chosen, given to it as PORT."),
        new Field<WorkloadPort, PortProtocol>(
            "protocol",
            Protocol,
            p => p.Protocol,
            (p, v) => p with { Protocol = v },
            "What is spoken on the port; auto = what its name, its Service or its number says, else its first bytes."));

    private static readonly ObjectShape<WorkloadUpstream> Upstream = new(
        new Field<WorkloadUpstream, string>("service", ServiceName, u => u.Service, (u, v) => u with { Service = v }, "The service that is called: NAME or NAME.NAMESPACE.") { Required = true },
        new Field<WorkloadUpstream, int>("port", SharedShapes.Port, u => u.Port, (u, v) => u with { Port = v }, "The service's port.") { Required = true },
        new Field<WorkloadUpstream, int>("localPort", SharedShapes.PortOrZero, u => u.LocalPort, (u, v) => u with { LocalPort = v }, "The local port; 0 = chosen, given as BANYAN_UPSTREAM_SERVICE_PORT."));

    private static readonly ObjectShape<WorkloadReadiness> Readiness = new(
        new Field<WorkloadReadiness, string>(
            "http",
            PathText,
            r => r.Http,
            (r, v) => r with { Http = v },
            "Path that answers 2xx once the application is ready."),
        new Field<WorkloadReadiness, TimeSpan>("timeout", Positive(), r => r.Timeout, (r, v) => r with { Timeout = v }, "How long starting may take."));

    private static readonly ObjectShape<WorkloadRun> Run = new(
        new Field<WorkloadRun, string>("command", SharedShapes.RequiredText, r => r.Command, (r, v) => r with { Command = v }, "Program to start.") { Required = true },
        new Field<WorkloadRun, EquatableList<string>>(
            "args",
            new ListShape<string>(SharedShapes.AnyText),
            r => r.Args,
            (r, v) => r with { Args = v },
            "Its arguments."),
        new Field<WorkloadRun, EquatableMap>(
            "env",
            new MapShape { CheckKey = CheckVariable },
            r => r.Env,
            (r, v) => r with { Env = v },
            "Environment variables beside those that are always set."),
        new Field<WorkloadRun, string>(
            "dir",
            SharedShapes.RequiredText,
            r => r.Dir,
            (r, v) => r with { Dir = v },
            "Working directory, relative to the file."),
        new Field<WorkloadRun, int>(
            "replicas",
            new IntegerShape(0, 100),
            r => r.Replicas,
            (r, v) => r with { Replicas = v },
            "How many processes."),
        new Field<WorkloadRun, bool>(
            "sidecar",
            SharedShapes.Boolean,
            r => r.Sidecar,
            (r, v) => r with { Sidecar = v },
            "false: no sidecar, for a caller that asks the control plane itself (gRPC's xds: targets)."),
        new Field<WorkloadRun, WorkloadReadiness>("readiness", Readiness, r => r.Readiness, (r, v) => r with { Readiness = v }, "When a process counts as ready; absent = when its port accepts connections."));

    private static readonly ObjectShape<WorkloadHealth> Health = new(
        new Field<WorkloadHealth, string>(
            "http",
            PathText,
            h => h.Http,
            (h, v) => h with { Http = v },
            "Path that answers 2xx while the application is healthy."),
        new Field<WorkloadHealth, bool>(
            "tcp",
            SharedShapes.Boolean,
            h => h.Tcp,
            (h, v) => h with { Tcp = v },
            "Healthy while its port accepts connections."),
        new Field<WorkloadHealth, string>(
            "grpc",
            SharedShapes.AnyText,
            h => h.Grpc,
            (h, v) => h with { Grpc = v },
            "Service name of the gRPC health check."),
        new Field<WorkloadHealth, TimeSpan>(
            "interval", Positive(), h => h.Interval, (h, v) => h with { Interval = v }, "Time between two checks."),
        new Field<WorkloadHealth, TimeSpan>(
            "timeout", Positive(), h => h.Timeout, (h, v) => h with { Timeout = v }, "Time one check may take."),
        new Field<WorkloadHealth, int>(
            "unhealthyAfter",
            new IntegerShape(1, 100),
            h => h.UnhealthyAfter,
            (h, v) => h with { UnhealthyAfter = v },
            "Failures in a row that make it unhealthy."),
        new Field<WorkloadHealth, int>("healthyAfter", new IntegerShape(1, 100), h => h.HealthyAfter, (h, v) => h with { HealthyAfter = v }, "Successes in a row that make it healthy again."))
    {
        Check = static (_, map, reading) =>
        {
            var ways = new[] { "http", "tcp", "grpc" }.Where(map.Has).ToArray();
            if (ways.Length != 1)
            {
                reading.Add(
                    ways.Length == 0 ? map : map.Find(ways[1])!,
                    ways.Length == 0 ? "needs one of http, tcp and grpc" : $"only one of http, tcp and grpc; found {string.Join(" and ", ways)}");
            }
        },
    };

    private static readonly ObjectShape<WorkloadSpec> Spec = new(
        new Field<WorkloadSpec, string>(
            "service",
            SharedShapes.Label,
            s => s.Service,
            (s, v) => s with { Service = v },
            "The service this workload stands behind; implies the Services S and S-VERSION."),
        new Field<WorkloadSpec, string>(
            "version",
            SharedShapes.Label,
            s => s.Version,
            (s, v) => s with { Version = v },
            "Its version; needed where a service has several workloads."),
        new Field<WorkloadSpec, string>(
            "owner",
            SharedShapes.AnyText,
            s => s.Owner,
            (s, v) => s with { Owner = v },
            "The team that answers for it."),
        new Field<WorkloadSpec, WorkloadTier>(
            "tier",
            new EnumShape<WorkloadTier>(
                ("critical", WorkloadTier.Critical),
                ("standard", WorkloadTier.Standard),
                ("batch", WorkloadTier.Batch)),
            s => s.Tier,
            (s, v) => s with { Tier = v },
            "How much depends on it."),
        new Field<WorkloadSpec, string>(
            "serviceAccount",
            SharedShapes.Label,
            s => s.ServiceAccount,
            (s, v) => s with { ServiceAccount = v },
            "Its identity; the service's name when absent."),
        new Field<WorkloadSpec, string>(
            "zone", Zone, s => s.Zone, (s, v) => s with { Zone = v }, "Where it runs: region/zone."),
        new Field<WorkloadSpec, EquatableList<WorkloadPort>>(
            "ports",
            new ListShape<WorkloadPort>(Port) { Max = 32, Key = p => p.Port > 0 ? p.Port.ToString() : null, KeyField = "port" },
            s => s.Ports,
            (s, v) => s with { Ports = v },
            "Its ports."),
        new Field<WorkloadSpec, EquatableList<WorkloadUpstream>>(
            "upstreams",
            new ListShape<WorkloadUpstream>(Upstream) { Max = 64 },
            s => s.Upstreams,
            (s, v) => s with { Upstreams = v },
            "Fixed local ports for applications that cannot use a proxy."),
        new Field<WorkloadSpec, string>(
            "process",
            SharedShapes.Label,
            s => s.Process,
            (s, v) => s with { Process = v },
            "The Workload of this namespace whose process, sidecar and identity this one shares."),
        new Field<WorkloadSpec, WorkloadRun>(
            "run", Run, s => s.Run, (s, v) => s with { Run = v }, "How `banyan up` starts it."),
        new Field<WorkloadSpec, EquatableList<string>>(
            "addresses",
            new ListShape<string>(Address) { Max = 1000, Key = a => a },
            s => s.Addresses,
            (s, v) => s with { Addresses = v },
            "IP addresses where it runs already."),
        new Field<WorkloadSpec, WorkloadHealth>("health", Health, s => s.Health, (s, v) => s with { Health = v }, "How its health is checked."))
    {
        Check = WorkloadRules.Check,
    };

    public static readonly ObjectShape<Workload> Shape = ObjectTable.Build<Workload, WorkloadSpec>(
        ObjectMetaTable.WithLabel, Spec, w => w.Spec, (w, v) => w with { Spec = v }, WorkloadRules.CheckObject);

    private static DurationShape Positive() => new() { Min = TimeSpan.FromMilliseconds(1) };

    private static string? CheckVariable(string name) =>
        name.Length > 0 && !name.Contains('=', StringComparison.Ordinal) && !name.Contains(
            '\0', StringComparison.Ordinal)
            ? null
            : $"{Quote.Text(name)} is not a name of an environment variable";

    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !text.StartsWith('[') : address.ToString() == text);
}
