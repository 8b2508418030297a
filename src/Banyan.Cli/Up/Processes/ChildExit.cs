namespace Banyan.Cli.Up.Processes;

/// <summary>How a child ended: with an exit code, or by a signal.</summary>
internal readonly record struct ChildExit(int? Code, int? Signal)
{
    public bool Succeeded => Code == 0;

    /// <inheritdoc/>
    public override string ToString() =>
        Signal is { } signal ? $"ended by {Signals.Name(signal)}" : $"exited with code {Code}";
}
