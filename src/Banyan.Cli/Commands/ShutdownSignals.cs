using System.Runtime.InteropServices;

namespace Banyan.Cli.Commands;

/// <summary>Ctrl-C and its kin: the first one asks for an orderly end, the second one for any end.</summary>
internal sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public ShutdownSignals()
    {
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
                .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Kill => _kill.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _stop.Dispose();
        _kill.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        var source = Interlocked.Increment(ref _count) == 1 ? _stop : _kill;
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came while the command was ending anyway.
        }
    }
}
