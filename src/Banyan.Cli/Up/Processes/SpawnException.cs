namespace Banyan.Cli.Up.Processes;

/// <summary>A program that could not be started; the message names it and the mend.</summary>
internal sealed class SpawnException(string message) : Exception(message);
