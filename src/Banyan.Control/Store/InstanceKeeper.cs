using System.Net;
using System.Net.Sockets;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Xds;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>
/// Looks after instances that nobody has confirmed here: those that were restored from the database, and those that
/// another replica took up, which may be gone. Their supervisor registers them again within the time allowed, or their
/// sidecar is connected, here or at another replica, which says so. The others are asked; only those that do not answer
/// are removed.
/// </summary>
internal sealed class InstanceKeeper(
    ConfigStore store,
    InstanceIntake intake,
    XdsHub hub,
    TimeSpan patience,
    ILeadership leadership,
    Sightings sightings,
    Action<string>? tell,
    ILogger log,
    TimeProvider time)
{
    /// <summary>
    /// Replicas say whose sidecar is connected so often in the time allowed: one message may be lost.
    /// </summary>
    private const int Turns = 4;

    /// <summary>Asked at a time: a lost host answers none of them.</summary>
    private const int AskedAtOnce = 32;

    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // Before the first compile is published there is nothing to be seen; answered means published.
        await store.ChangeAsync<bool>(_ => _ => true);
        var before = store.View.Instances;
        while (true)
        {
            for (var turn = 0; turn < Turns; turn++)
            {
                await Task.Delay(patience / Turns, time, cancel);
                TellOthers();
            }

            sightings.Forget(patience);
            var now = store.View.Instances;
            if (leadership.IsLeader)
            {
                // Whoever came meanwhile, or changed, still has time.
                var known = before;
                await JudgeAsync(
                    now.Where(pair => pair.Value.IsRestored && known.GetValueOrDefault(pair.Key) == pair.Value),
                    cancel);
            }

            before = now;
        }
    }

    private void TellOthers()
    {
        if (tell is null)
        {
            return;
        }

        var instances = store.View.Instances;
        foreach (var node in hub.Connected().Where(instances.ContainsKey))
        {
            tell(node);
        }
    }

    private async Task JudgeAsync(
        IEnumerable<KeyValuePair<string, InstanceEntry>> unconfirmed, CancellationToken cancel)
    {
        var connected = hub.Connected();
        var silent = unconfirmed.Where(pair => !connected.Contains(pair.Key) && !sightings.Knows(pair.Key)).ToList();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(silent, options, async (pair, stop) =>
        {
            if (!await AnswersAsync(pair.Value.Instance, stop))
            {
                await RemoveAsync(pair.Key, pair.Value);
            }
        });
    }

    private async Task RemoveAsync(string node, InstanceEntry entry)
    {
        var removed = await store.ChangeAsync<bool>(state =>
        {
            // Registered again meanwhile?
            var same = state.Instances.TryGetValue(node, out var now) && now == entry;
            var done = same && intake.Remove(
                state, node, new WriteOrigin("expire", "control plane", "control", "does not answer"));
            return _ => done;
        });
        if (removed)
        {
            Log.InstanceExpired(log, node);
        }
    }

    private async Task<bool> AnswersAsync(WorkloadInstance instance, CancellationToken cancel)
    {
        if (Target(instance) is not { } target)
        {
            return false;
        }

        using var socket = new Socket(
            target.AddressFamily,
            SocketType.Stream,
            target is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
        using var timeout = new CancellationTokenSource(CheckTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            await socket.ConnectAsync(target, either.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private static EndPoint? Target(WorkloadInstance instance)
    {
        foreach (var address in instance.Ports.Select(port => port.Inbound).Append(instance.Outbound))
        {
            if (IPEndPoint.TryParse(address, out var parsed))
            {
                return parsed;
            }
        }

        return instance.Admin.Length > 0 ? AdminSocket.EndPointOf(instance.Admin) : null;
    }
}

/// <summary>The admin socket of a sidecar, as instances name it.</summary>
internal static class AdminSocket
{
    private const string Scheme = "unix:";

    /// <summary>The path, with or without its scheme.</summary>
    public static string PathOf(string admin) =>
        admin.StartsWith(Scheme, StringComparison.Ordinal) ? admin[Scheme.Length..] : admin;

    /// <summary>Where to connect; null when no socket can have that path.</summary>
    public static UnixDomainSocketEndPoint? EndPointOf(string admin)
    {
        try
        {
            return new UnixDomainSocketEndPoint(PathOf(admin));
        }
        catch (ArgumentException)
        {
            // Longer than the kernel's 107 bytes.
            return null;
        }
    }
}
