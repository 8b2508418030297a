using System.CommandLine;
using System.Net;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;
using Banyan.Xds;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan compile</c>: what a proxy would be told, as a file, to run it without a control plane.</summary>
internal static class CompileCommand
{
    private const int DefaultInbound = 14006;
    private const int DefaultOutbound = 14001;
    private const int DefaultApp = 8080;

    public static Command Create()
    {
        var path = Shared.Paths();
        var workload = new Option<string>("--workload")
        {
            Description = "The workload whose proxy it is for: NAME or NAMESPACE/NAME",
            HelpName = "NAME",
            Required = true,
        };
        var file = new Option<string>("--out") { Description = "The file to write", HelpName = "FILE", Required = true };
        var inbound = Endpoint("--inbound", "First address where the proxy listens for its application; further ports follow", DefaultInbound);
        var outbound = Endpoint("--outbound", "Where the proxy listens for its application's calls", DefaultOutbound);
        var app = Endpoint("--app", "First address where the application listens; further ports follow", DefaultApp);
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("compile", "Write the configuration of one workload's proxy to a file")
        {
            Details =
                """
                The file is for the workload's replica 0. Where the replicas of workloads with a run command listen, only the
                control plane of a running mesh knows: when one answers for the state directory, the file has their endpoints;
                else it has none, and a warning names them.
                """,
            Examples =
            [
                (
                    "banyan compile mesh.yaml --workload payments-v1 --out payments.pb",
                    "then: banyan-proxy --node default/payments-v1/0 --snapshot payments.pb --state DIR"),
                (
                    "banyan compile mesh.yaml --workload shop --out shop.pb --state /tmp/shop",
                    "with the endpoints that the mesh of /tmp/shop has now"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "the files have mistakes, or there is no such workload")],
        };
        command.Add(path);
        command.Add(workload);
        command.Add(file);
        command.Add(inbound);
        command.Add(outbound);
        command.Add(app);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var set = ConfigFiles.Read(result.GetRequiredValue(path));
            if (set.Problems.Count > 0)
            {
                throw new UserException(string.Join('\n', set.Problems));
            }

            var addresses = new Addresses(
                result.GetRequiredValue(inbound), result.GetRequiredValue(outbound), result.GetRequiredValue(app));
            var instance = Instance(Find(set, result.GetRequiredValue(workload)), set, addresses);
            var others = await OthersAsync(set, instance, new StatePaths(result.GetValue(state)), cancel);
            return Run(set, instance, others, result.GetRequiredValue(file), result.IsJson(output));
        });
        return command;
    }

    /// <summary>The replicas that run now, without the one that the file is for.</summary>
    private static async Task<IReadOnlyList<WorkloadInstance>> OthersAsync(
        ConfigSet set, WorkloadInstance own, StatePaths state, CancellationToken cancel)
    {
        var running = set.Objects.OfType<Workload>()
            .Where(item => item.Spec.Run is not null && $"{item.Metadata.Namespace}/{item.Metadata.Name}/0" != own.NodeId)
            .Select(item => item.Metadata.Name)
            .ToList();
        using var control = new ControlClient(state);
        var instances = await control.TryInstancesAsync(cancel);
        if (instances is null && running.Count > 0)
        {
            await Console.Error.WriteLineAsync(
                $"warning: no control plane answers for {state.Folder}: the file holds no endpoints of {string.Join(", ", running)}; "
                + "start the mesh with 'banyan up', or name its directory with --state");
        }

        // Who serves from a file has joined no mesh: it can only call in plaintext.
        return
        [
            .. (instances ?? []).Where(instance => instance.NodeId != own.NodeId)
                .Select(instance => instance with { Secured = false }),
        ];
    }

    private static int Run(
        ConfigSet set, WorkloadInstance instance, IReadOnlyList<WorkloadInstance> others, string file, bool isJson)
    {
        var mesh = MeshCompiler.Compile(set.Objects, [instance, .. others]);
        foreach (var warning in mesh.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        var saved = new SavedResources { NodeId = instance.NodeId };
        var listeners = mesh.NodeListeners.TryGetValue(instance.NodeId, out var own) ? own : [];
        saved.Resources.AddRange(listeners
            .Concat(mesh.ResourcesFor(instance.Namespace).OrderBy(resource => resource.TypeUrl, StringComparer.Ordinal).ThenBy(resource => resource.Name, StringComparer.Ordinal))
            .Select(resource => new Resource { Name = resource.Name, Version = resource.Version, Resource_ = resource.Any }));
        Write(file, SnapshotFormat.Encode(saved));
        if (isJson)
        {
            Json.Write(new { file, node = instance.NodeId, resources = saved.Resources.Count, replicas = others.Count });
        }
        else
        {
            Console.Out.WriteLine(
                $"{file}: {saved.Resources.Count} resources for {instance.NodeId}, with the endpoints of {others.Count} other replicas");
        }

        return ExitCodes.Success;
    }

    private static Workload Find(ConfigSet set, string name)
    {
        var slash = name.IndexOf('/');
        var (ns, shortName) = slash < 0 ? (null, name) : (name[..slash], name[(slash + 1)..]);
        var found = set.Objects.OfType<Workload>()
            .Where(item => item.Metadata.Name == shortName && (ns is null || item.Metadata.Namespace == ns))
            .ToList();
        return found.Count switch
        {
            1 when found[0].Spec.Process.Length > 0 => throw new UserException(
                $"--workload {name}: it has no proxy of its own; it runs in the process of {found[0].Spec.Process}"),
            1 => found[0],
            0 => throw new UserException($"--workload {name}: the files hold no such Workload"),
            _ => throw new UserException($"--workload {name}: several namespaces have one; write NAMESPACE/{shortName}"),
        };
    }

    private static WorkloadInstance Instance(Workload owner, ConfigSet set, Addresses addresses)
    {
        var guests = set.Objects.OfType<Workload>()
            .Where(guest => guest.Spec.Process == owner.Metadata.Name && guest.Metadata.Namespace == owner.Metadata.Namespace);
        var plan = new ProcessPlan(owner, [.. guests]);
        var ports = plan.Workloads
            .Where(workload => workload.Spec.Service.Length > 0)
            .SelectMany(workload => workload.Spec.Ports, (workload, port) => (workload, port))
            .ToList();
        return new WorkloadInstance
        {
            Namespace = owner.Metadata.Namespace,
            Workload = owner.Metadata.Name,
            State = InstanceState.Ready,
            Ports =
            [
                .. ports.Select((entry, index) => new InstancePort
                {
                    Service = entry.workload.Spec.Service,
                    ServiceNamespace = entry.workload.Metadata.Namespace,
                    Name = entry.port.Name,
                    Port = entry.port.Port,
                    App = AppAddress(plan, entry.port, addresses.App),
                    Inbound = Next(addresses.Inbound, index),
                }),
            ],
            Outbound = $"{addresses.Outbound}",
            Upstreams =
            [
                .. owner.Spec.Upstreams.Where(upstream => upstream.LocalPort > 0).Select(upstream => new InstanceUpstream
                {
                    Service = upstream.Service.Contains('.') ? upstream.Service : $"{upstream.Service}.{owner.Metadata.Namespace}",
                    Port = upstream.Port,
                    Local = $"127.0.0.1:{upstream.LocalPort}",
                }),
            ],
        };
    }

    private static string AppAddress(ProcessPlan plan, WorkloadPort port, IPEndPoint first)
    {
        var own = plan.OwnerPort(port);
        var index = 0;
        while (index < plan.Owner.Spec.Ports.Count && !ReferenceEquals(plan.Owner.Spec.Ports[index], own))
        {
            index++;
        }

        return own.TargetPort > 0 ? $"{new IPEndPoint(first.Address, own.TargetPort)}" : Next(first, index);
    }

    private static string Next(IPEndPoint first, int offset) => $"{new IPEndPoint(first.Address, first.Port + offset)}";

    private static void Write(string file, byte[] bytes)
    {
        try
        {
            // Whole or not at all: a proxy may be reading it.
            var draft = file + ".new";
            File.WriteAllBytes(draft, bytes);
            File.Move(draft, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--out {file}: {exception.Message}");
        }
    }

    private static Option<IPEndPoint> Endpoint(string name, string description, int port) =>
        Shared.Address(name, description, $"127.0.0.1:{port}");

    private sealed record Addresses(IPEndPoint Inbound, IPEndPoint Outbound, IPEndPoint App);
}
