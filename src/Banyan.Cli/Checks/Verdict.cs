namespace Banyan.Cli.Checks;

/// <summary>What became of a check.</summary>
/// <param name="Name">Its name, with the namespace before it unless that is the default one.</param>
/// <param name="Ok">Whether all that it expects was seen in the last reading.</param>
/// <param name="Evidence">The counters as they were read, and what was wanted of those that failed.</param>
internal sealed record Verdict(string Name, bool Ok, string Evidence);
