namespace Banyan.Model;

/// <summary>A part of an object that is kept as it was written and not interpreted.</summary>
/// <param name="Json">Compact JSON with its keys in the order they were written.</param>
public sealed record RawValue(string Json);
