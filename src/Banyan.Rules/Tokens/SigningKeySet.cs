using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Banyan.Rules.Tokens;

/// <summary>The public keys of an issuer, by their names (a JWK Set, RFC 7517 §5). Immutable and thread-safe.</summary>
public sealed class SigningKeySet
{
    private static readonly string[] Secrets = ["d", "p", "q", "dp", "dq", "qi", "oth"];

    private static readonly string[] Kept = ["kid", "kty", "use", "key_ops", "alg", "crv", "x", "y", "n", "e"];

    private readonly Dictionary<string, SigningKey> _keys;

    private SigningKeySet(Dictionary<string, SigningKey> keys) => _keys = keys;

    /// <summary>No key: no token is verified.</summary>
    public static SigningKeySet Empty { get; } = new([]);

    /// <summary>Keys that tokens can be verified with.</summary>
    public int Count => _keys.Count;

    /// <summary>Reads a set. Keys of kinds that are not known are left out, as the RFC says; an empty set is one.</summary>
    /// <param name="json">Its text, at most <see cref="TokenLimits.KeySet"/> bytes.</param>
    /// <param name="keys">The result.</param>
    /// <param name="problem">What is wrong; or, where keys were left out, why the first was. Never a key.</param>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out SigningKeySet? keys, out string problem)
    {
        keys = null;
        if (json.Length > TokenLimits.KeySet)
        {
            problem = $"more than {TokenLimits.KeySet / 1024} KiB";
            return false;
        }

        try
        {
            using var document = JsonObjects.TryParse(json, out var refusal);
            if (document is null)
            {
                problem = refusal == TokenRefusal.DuplicateName ? "a name stands twice in an object" : "no JSON object";
                return false;
            }

            if (!document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                problem = "no JWK Set: it has no list \"keys\"";
                return false;
            }

            return TryRead(list, out keys, out problem);
        }
        catch (InvalidOperationException)
        {
            // A text with half of a surrogate pair.
            problem = "a text is not Unicode";
            return false;
        }
    }

    /// <summary>A set without keys: no token is good.</summary>
    public const string None = "{\"keys\":[]}";

    /// <summary>Rewrites a set: only keys of use, only what they are made of, in one order, so that equal sets are equal texts.</summary>
    /// <param name="json">Its text, as the issuer says it.</param>
    /// <param name="problem">What is wrong; empty when nothing is.</param>
    /// <returns>The set, perhaps without any key: its issuer has withdrawn them. Null when it is none.</returns>
    public static string? Reduce(ReadOnlyMemory<byte> json, out string problem)
    {
        if (!TryRead(json, out var keys, out problem))
        {
            return null;
        }

        problem = keys.Count > 0 ? "" : problem.Length > 0 ? $"no key of use: {problem}" : "no key";
        using var document = JsonDocument.Parse(json);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys"u8);
            HashSet<string> written = new(StringComparer.Ordinal);
            var usable = document.RootElement.GetProperty("keys"u8).EnumerateArray()
                .Where(each => SigningKey.Read(each, out _) is { } key && written.Add(key.Id))
                .OrderBy(each => each.GetProperty("kid"u8).GetString(), StringComparer.Ordinal);
            foreach (var key in usable)
            {
                writer.WriteStartObject();
                foreach (var name in Kept)
                {
                    if (key.TryGetProperty(name, out var value))
                    {
                        writer.WritePropertyName(name);
                        value.WriteTo(writer);
                    }
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    internal SigningKey? Find(string id) => _keys.GetValueOrDefault(id);

    private static bool TryRead(JsonElement list, [NotNullWhen(true)] out SigningKeySet? keys, out string problem)
    {
        keys = null;
        problem = "";
        if (list.GetArrayLength() > TokenLimits.Keys)
        {
            problem = $"more than {TokenLimits.Keys} keys";
            return false;
        }

        Dictionary<string, SigningKey> read = new(StringComparer.Ordinal);
        var i = -1;
        foreach (var item in list.EnumerateArray())
        {
            i++;
            if (item.ValueKind != JsonValueKind.Object)
            {
                problem = $"keys[{i}] is no object";
                return false;
            }

            if (Secrets.FirstOrDefault(name => item.TryGetProperty(name, out _)) is not null)
            {
                problem = $"keys[{i}] holds a private key: only public ones belong here";
                return false;
            }

            if (SigningKey.Read(item, out var why) is not { } key)
            {
                problem = problem.Length > 0 ? problem : $"keys[{i}] {why}";
            }
            else if (!read.TryAdd(key.Id, key))
            {
                problem = $"keys[{i}] has the kid of another";
                return false;
            }
        }

        keys = new SigningKeySet(read);
        return true;
    }
}
