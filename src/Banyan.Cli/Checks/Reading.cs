namespace Banyan.Cli.Checks;

/// <summary>What a counter was found to be, or why it could not be read.</summary>
/// <param name="Value">The sum over all replicas; nothing when it could not be read.</param>
/// <param name="Trouble">Why not.</param>
internal readonly record struct Reading(double? Value, string Trouble)
{
    public static Reading Of(double value) => new(value, "");

    public static Reading Failed(string trouble) => new(null, trouble);
}
