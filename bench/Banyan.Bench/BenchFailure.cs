namespace Banyan.Bench;

/// <summary>A measurement that could not be made. Its message is all the user gets to see.</summary>
internal sealed class BenchFailure(string message) : Exception(message);
