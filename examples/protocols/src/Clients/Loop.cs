using System.Net.Sockets;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>Does something again and again, with a pause between.</summary>
/// <param name="name">For complaints.</param>
/// <param name="pause">The time between two rounds.</param>
/// <param name="round">One round.</param>
internal sealed class Loop(string name, TimeSpan pause, Func<CancellationToken, Task> round)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private bool _hasComplained;

    /// <summary>Runs until told to stop. What fails is tried again, and told once until it works.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            try
            {
                await round(limit.Token);
                _hasComplained = false;
            }
            catch (Exception exception) when (
                exception is HttpRequestException or IOException or SocketException or OperationCanceledException
                    or InvalidDataException)
            {
                await ComplainAsync(exception.Message, stop);
            }

            await Task.Delay(pause, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ComplainAsync(string message, CancellationToken stop)
    {
        if (!_hasComplained && !stop.IsCancellationRequested)
        {
            _hasComplained = true;
            await Console.Error.WriteLineAsync($"{name}: {message}");
        }
    }
}
