using System.Collections;
using Banyan.Cli.Client;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>The environment of an application: the supervisor's own, what the mesh adds, and last what its Workload says.</summary>
internal static class AppEnvironment
{
    /// <summary>What is never sent through the sidecar. curl and gRPC read the lower case only; .NET would proxy loopback too.</summary>
    public const string NoProxy = "localhost,127.0.0.1,[::1],::1";

    /// <summary>This process's environment, without what an outer mesh may have put there.</summary>
    public static Dictionary<string, string> Inherited()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            var name = (string)entry.Key;
            if (name is not (Sessions.Marker or StatePaths.Variable))
            {
                variables[name] = (string?)entry.Value ?? "";
            }
        }

        return variables;
    }

    /// <summary>The environment for one replica.</summary>
    /// <param name="plan">What is run.</param>
    /// <param name="replica">Its number.</param>
    /// <param name="ports">Its ports.</param>
    /// <param name="marker">The mark of the run.</param>
    /// <param name="data">Its folder.</param>
    /// <param name="bootstrap">Without a sidecar: the file by which it finds the control plane.</param>
    /// <param name="workloadApi">The socket on which its sidecar serves the SPIFFE Workload API; empty = nowhere.</param>
    public static Dictionary<string, string> For(
        ProcessPlan plan, int replica, ReplicaPorts ports, string marker, string data, string bootstrap = "", string workloadApi = "")
    {
        var variables = Inherited();
        variables[Sessions.Marker] = marker;
        var spec = plan.Owner.Spec;
        variables["BANYAN_WORKLOAD"] = plan.Owner.Metadata.Name;
        variables["BANYAN_NAMESPACE"] = plan.Owner.Metadata.Namespace;
        variables["BANYAN_SERVICE"] = spec.Service;
        variables["BANYAN_VERSION"] = spec.Version;
        variables["BANYAN_REPLICA"] = $"{replica}";
        variables["BANYAN_DATA"] = data;

        if (ports.App.Count > 0)
        {
            variables["PORT"] = $"{ports.App[0].Port}";
        }

        foreach (var (name, port) in ports.App)
        {
            if (name.Length > 0)
            {
                variables[$"PORT_{Variable(name)}"] = $"{port}";
            }
        }

        if (plan.Run.Sidecar)
        {
            foreach (var name in (string[])["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "grpc_proxy"])
            {
                variables[name] = $"http://{ports.Outbound}";
            }

            variables["no_proxy"] = NoProxy;
            variables["NO_PROXY"] = NoProxy;
        }
        else
        {
            variables[BootstrapFile.GrpcVariable] = bootstrap;
        }

        if (workloadApi.Length > 0)
        {
            variables["SPIFFE_ENDPOINT_SOCKET"] = $"unix://{workloadApi}";
        }

        foreach (var upstream in ports.Upstreams)
        {
            variables[$"BANYAN_UPSTREAM_{Variable(upstream.Service)}_{upstream.Port}"] = upstream.Local;
        }

        foreach (var (name, value) in plan.Run.Env)
        {
            variables[name] = value;
        }

        return variables;
    }

    private static string Variable(string name) => name.ToUpperInvariant().Replace('-', '_').Replace('.', '_');
}
