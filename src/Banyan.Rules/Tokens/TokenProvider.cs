using System.Text.Json;

namespace Banyan.Rules.Tokens;

/// <summary>An issuer whose tokens are accepted, for whom they may be meant, and where they stand. Immutable.</summary>
internal sealed class TokenProvider
{
    public required string Name { get; init; }

    public required string Issuer { get; init; }

    /// <summary>One of them has to be among those of the token; empty: whoever it is meant for.</summary>
    public required string[] Audiences { get; init; }

    public required SigningKeySet Keys { get; init; }

    /// <summary>Number of the field in which the token stands.</summary>
    public required int Field { get; init; }

    public required bool RequiresExpiry { get; init; }

    /// <summary>Seconds.</summary>
    public required long Skew { get; init; }

    /// <summary>Claims that are lists with spaces between.</summary>
    public required string[] Spaced { get; init; }

    /// <summary>Slots of the claims that are taken from its tokens, and where they stand.</summary>
    public required (int Slot, IReadOnlyList<string> Names)[] Claims { get; init; }

    /// <summary>Judges a token all but its signature, from what is cheap to what is not.</summary>
    /// <param name="token">The token.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="until">Up to when the judgement holds, seconds since 1970.</param>
    public TokenRefusal Judge(ParsedToken token, long now, out long until)
    {
        until = long.MaxValue;
        if (token.Issuer != Issuer)
        {
            return TokenRefusal.Issuer;
        }

        if (Audiences.Length > 0 && !IsMeant(token.Payload))
        {
            return TokenRefusal.Audience;
        }

        var expires = JsonElementTimes.Read(token.Payload, "exp");
        var begins = JsonElementTimes.Read(token.Payload, "nbf");
        if (expires is null || begins is null)
        {
            return TokenRefusal.Malformed;
        }

        if (expires == JsonElementTimes.Absent && RequiresExpiry)
        {
            return TokenRefusal.NoExpiry;
        }

        until = expires == JsonElementTimes.Absent ? long.MaxValue : expires.Value + Skew;
        return now >= until ? TokenRefusal.Expired
            : begins != JsonElementTimes.Absent && now + Skew < begins ? TokenRefusal.NotYetValid
            : TokenRefusal.None;
    }

    private bool IsMeant(JsonElement payload)
    {
        if (!payload.TryGetProperty("aud", out var audience))
        {
            return false;
        }

        return audience.ValueKind == JsonValueKind.Array
            ? audience.EnumerateArray().Any(Names)
            : Names(audience);

        bool Names(JsonElement one) => one.ValueKind == JsonValueKind.String && Array.IndexOf(Audiences, one.GetString()) >= 0;
    }
}

/// <summary>Times as tokens have them: seconds since 1970, with or without fraction (RFC 7519 §2).</summary>
internal static class JsonElementTimes
{
    public const long Absent = long.MinValue;

    // Beyond the year 9999 nothing is meant.
    private const double Latest = 253_402_300_800;

    /// <summary>The time, <see cref="Absent"/>, or null when it is none.</summary>
    public static long? Read(JsonElement payload, string name)
    {
        if (!payload.TryGetProperty(name, out var value))
        {
            return Absent;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= Latest
            ? (long)Math.Ceiling(seconds)
            : null;
    }
}
