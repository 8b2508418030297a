namespace Banyan.Control.Tokens;

/// <summary>A token as it is kept: what was given out cannot be made of it. Immutable.</summary>
internal sealed record Token
{
    public string Id { get; init; } = "";

    /// <summary>Who or what it is for; stands in the history as the writer.</summary>
    public string Name { get; init; } = "";

    /// <summary>admin or read-only.</summary>
    public string Role { get; init; } = ReadOnly;

    /// <summary>SHA-256 of the secret, in hexadecimal digits.</summary>
    public string Hash { get; init; } = "";

    /// <summary>In UTC, ISO 8601.</summary>
    public string CreatedAt { get; init; } = "";

    public string CreatedBy { get; init; } = "";

    /// <summary>In UTC, ISO 8601; null = never.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>May do everything.</summary>
    public const string Admin = "admin";

    /// <summary>May read what everybody may read.</summary>
    public const string ReadOnly = "read-only";
}
