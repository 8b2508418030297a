using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>An encoded xDS resource.</summary>
/// <param name="TypeUrl">One of <see cref="XdsTypes"/>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">First 16 hex digits of the SHA-256 of the encoded message.</param>
/// <param name="Any">The message. Nobody may change it.</param>
public sealed record XdsResource(string TypeUrl, string Name, string Version, Any Any)
{
    /// <summary>
    /// The namespace whose clients get it in place of the one of that name without scope; empty: all others do.
    /// </summary>
    public string Scope { get; init; } = "";

    /// <summary>What it is told from others by.</summary>
    public ResourceKey Key => new(TypeUrl, Name, Scope);
}

/// <summary>Names a resource.</summary>
/// <param name="TypeUrl">One of <see cref="XdsTypes"/>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Scope">The namespace whose clients it is for; empty: all.</param>
public readonly record struct ResourceKey(string TypeUrl, string Name, string Scope = "");
