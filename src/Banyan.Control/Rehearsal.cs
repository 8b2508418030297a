using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Xds;
using Banyan.Model;
using Banyan.Xds;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banyan.Control;

/// <summary>
/// Goes through the change of a file once per process, in a store of its own, so that the code is compiled by the
/// time the user saves for the first time: cold, that change takes several times as long as the next.
/// </summary>
internal static class Rehearsal
{
    private const string File = "/rehearsal.yaml";
    private const int Changes = 3;

    private static int _done;

    /// <summary>Rehearses, unless it was done already.</summary>
    public static async Task RunAsync(TimeProvider time)
    {
        if (Interlocked.Exchange(ref _done, 1) != 0)
        {
            return;
        }

        await Task.Yield();
        using var database = SqliteDatabase.Open(":memory:", time);
        var hub = new XdsHub(NullLogger.Instance, time);
        var state = new StoreState();
        state.Sources.Add(new SourceState(File));
        using var store = new ConfigStore(
            state, (mesh, view) => hub.Open(mesh, $"{view.Revision}"), NullLogger.Instance);
        store.Start();
        var stream = hub.Open();
        foreach (var type in (string[])[XdsTypes.Cluster, XdsTypes.ClusterLoadAssignment, XdsTypes.RouteConfiguration])
        {
            stream.Accept(new DeltaDiscoveryRequest
            {
                Node = new Node { Id = "default/rehearsal/0" },
                TypeUrl = type,
                ResourceNamesSubscribe = { "rehearsal.default:80" },
            });
        }

        var intake = new FileIntake(new Commit(database, NullLogger.Instance, time), NullLogger.Instance);
        for (var change = 0; change < Changes; change++)
        {
            var content = FileContent.Read(File, Text(change));
            var set = new FileChangeSet(File, Exists: true, IsFirst: change == 0, [content]);
            await store.ChangeAsync<bool>(own =>
            {
                intake.Apply(own, set);
                return _ => true;
            });
            Answer(stream);
        }
    }

    private static void Answer(DeltaStream stream)
    {
        while (stream.Take() is { } plan)
        {
            foreach (var resource in plan.Resources)
            {
                _ = resource.Field.Length;
            }

            stream.Accept(new DeltaDiscoveryRequest { TypeUrl = plan.TypeUrl, ResponseNonce = plan.Nonce });
        }
    }

    private static string Text(int change) =>
        $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: rehearsal-v1}
        spec:
          service: rehearsal
          version: v1
          ports: [{name: http, port: 80}]
          addresses: ["10.0.0.{{change + 1}}"]
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: rehearsal}
        spec:
          parentRefs: [{group: "", kind: Service, name: rehearsal}]
          rules:
          - backendRefs: [{name: rehearsal-v1, port: 80, weight: {{change + 1}}}]

        """;
}
