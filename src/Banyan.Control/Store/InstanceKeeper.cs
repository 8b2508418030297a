using System.Net;
using System.Net.Sockets;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>
/// Looks after instances that were restored from the database: their supervisor registers them again within the
/// time allowed. The others are asked; only those that do not answer are removed.
/// </summary>
internal sealed class InstanceKeeper(
    ConfigStore store, InstanceIntake intake, TimeSpan patience, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Runs until nothing restored is left unconfirmed.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            // Before the first compile is published there is nothing to be seen; answered means published.
            await store.ChangeAsync<bool>(_ => _ => true);
            while (store.View.Instances.Values.Any(entry => entry.IsRestored))
            {
                await Task.Delay(patience, time, cancel);
                foreach (var (node, entry) in store.View.Instances.Where(pair => pair.Value.IsRestored).ToList())
                {
                    if (!await AnswersAsync(entry.Instance, cancel))
                    {
                        await RemoveAsync(node, entry);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The control plane stops.
        }
    }

    private async Task RemoveAsync(string node, InstanceEntry entry)
    {
        var removed = await store.ChangeAsync<bool>(state =>
        {
            // Registered again meanwhile?
            var same = state.Instances.TryGetValue(node, out var now) && now == entry;
            var done = same && intake.Remove(state, node);
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
