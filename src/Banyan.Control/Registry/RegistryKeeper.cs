using System.Net;
using System.Net.Sockets;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Registry;

/// <summary>Forgets registrations whose time is up, within the rules of <see cref="Expiry"/>.</summary>
internal sealed class RegistryKeeper(
    ConfigStore store, RegistryIntake intake, Leases leases, ILeadership leadership, ILogger log, TimeProvider time)
{
    /// <summary>How long a registration that was forgotten unasked counts against the next.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Who was forgotten unasked and when, by service. Who came back still counts: he lived.</summary>
    private readonly Dictionary<string, Dictionary<string, long>> _forgotten = new(StringComparer.Ordinal);

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Turn, time);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            var services = store.View.Registrations.Values
                .GroupBy(item => $"{item.Namespace}/{item.Service}", StringComparer.Ordinal);
            foreach (var service in services)
            {
                await JudgeAsync(service.Key, [.. service], cancel);
            }
        }
    }

    private async Task JudgeAsync(string service, List<Registration> items, CancellationToken cancel)
    {
        var silent = items.Select(item => (Item: item, Lease: leases.Judge(item))).Where(each => each.Lease.IsSilent)
            .Select(each => (each.Item, each.Lease.WasHeard)).ToList();
        if (silent.Count == 0 || !leadership.IsLeader)
        {
            return;
        }

        var lately = Lately(service);
        var all = items.Select(item => item.Id).Union(lately.Keys, StringComparer.Ordinal).Count();
        var (forget, ask) = Expiry.Judge(all, lately.Count, silent);
        foreach (var item in forget)
        {
            if (await ForgetAsync(item, "no heartbeat"))
            {
                lately[item.Id] = time.GetTimestamp();
            }
        }

        await Task.WhenAll(ask.Select(async item =>
        {
            if (await AnswersAsync(item.Address, cancel))
            {
                leases.Answered(item.Id);
            }
            else
            {
                await ForgetAsync(item, "no heartbeat and no answer");
            }
        }));
    }

    private async Task<bool> ForgetAsync(Registration item, string reason)
    {
        var origin = new WriteOrigin("expire", "control plane", "control", reason);
        try
        {
            // Registered anew meanwhile, or renewed? Then it stays.
            var done = await store.ChangeAsync<bool>(state =>
            {
                var removed = leases.Judge(item).IsSilent && state.Registrations.GetValueOrDefault(item.Id) == item
                    && intake.Remove(state, item.Id, origin);
                return _ => removed;
            });
            if (done)
            {
                leases.Forget(item.Id);
                Log.Expired(log, item.Id, reason);
            }

            return done;
        }
        catch (Exception exception) when (exception is StoreFailedException or RevisionConflictException)
        {
            // Tried again at the next turn.
            Log.NotExpired(log, item.Id, exception.Message);
            return false;
        }
    }

    private Dictionary<string, long> Lately(string service)
    {
        if (!_forgotten.TryGetValue(service, out var lately))
        {
            _forgotten.Add(service, lately = new Dictionary<string, long>(StringComparer.Ordinal));
        }

        foreach (var (id, _) in lately.Where(pair => time.GetElapsedTime(pair.Value) > Window).ToList())
        {
            lately.Remove(id);
        }

        return lately;
    }

    private async Task<bool> AnswersAsync(string address, CancellationToken cancel)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var timeout = new CancellationTokenSource(AskTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            await socket.ConnectAsync(IPEndPoint.Parse(address), either.Token);
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
}
