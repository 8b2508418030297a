using System.Text.Json;

namespace Banyan.Rules.Tokens;

/// <summary>A token taken apart (JWS compact serialization, RFC 7515 §7.1); nothing of it is proved yet.</summary>
internal sealed class ParsedToken : IDisposable
{
    private readonly JsonDocument _payload;

    private ParsedToken(JsonDocument payload) => _payload = payload;

    public required SigningAlgorithm Algorithm { get; init; }

    public required string KeyId { get; init; }

    /// <summary>Its issuer; empty without.</summary>
    public required string Issuer { get; init; }

    /// <summary>Bytes from the beginning that are signed.</summary>
    public required int SignedLength { get; init; }

    public required byte[] Signature { get; init; }

    public JsonElement Payload => _payload.RootElement;

    public void Dispose() => _payload.Dispose();

    /// <summary>Takes a token apart; null when it is none that is taken here.</summary>
    public static ParsedToken? Read(ReadOnlySpan<byte> token, out TokenRefusal refusal)
    {
        refusal = TokenRefusal.TooLong;
        if (token.Length > TokenLimits.Token)
        {
            return null;
        }

        refusal = TokenRefusal.Malformed;
        var first = token.IndexOf((byte)'.');
        var second = token[(first + 1)..].IndexOf((byte)'.') + first + 1;
        if (first <= 0 || second <= first + 1
            || !Base64UrlText.TryDecode(token[..first], out var header)
            || !Base64UrlText.TryDecode(token[(first + 1)..second], out var payload)
            || !Base64UrlText.TryDecode(token[(second + 1)..], out var signature))
        {
            return null;
        }

        try
        {
            return ReadHeader(header, out var algorithm, out var key, out refusal)
                ? ReadPayload(payload, algorithm, key, second, signature, out refusal)
                : null;
        }
        catch (InvalidOperationException)
        {
            // A text with half of a surrogate pair.
            refusal = TokenRefusal.Malformed;
            return null;
        }
    }

    private static bool ReadHeader(byte[] json, out SigningAlgorithm algorithm, out string key, out TokenRefusal refusal)
    {
        algorithm = SigningAlgorithm.None;
        key = "";
        using var document = JsonObjects.TryParse(json, out refusal);
        if (document is null)
        {
            return false;
        }

        var header = document.RootElement;
        algorithm = SigningAlgorithms.Of(Text(header, "alg"));
        key = Text(header, "kid") ?? "";

        // b64 changes what is signed (RFC 7797); it comes with crit, if it comes by the rules.
        refusal = header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _) ? TokenRefusal.Critical
            : algorithm == SigningAlgorithm.None ? TokenRefusal.Algorithm
            : key.Length == 0 ? TokenRefusal.NoKeyId
            : TokenRefusal.None;
        return refusal == TokenRefusal.None;
    }

    private static ParsedToken? ReadPayload(
        byte[] json, SigningAlgorithm algorithm, string key, int signedLength, byte[] signature, out TokenRefusal refusal)
    {
        var document = JsonObjects.TryParse(json, out refusal);
        return document is null ? null : new ParsedToken(document)
        {
            Algorithm = algorithm,
            KeyId = key,
            Issuer = Text(document.RootElement, "iss") ?? "",
            SignedLength = signedLength,
            Signature = signature,
        };
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
