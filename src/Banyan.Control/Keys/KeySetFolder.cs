using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banyan.Model;
using Banyan.Rules.Tokens;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Keys;

/// <summary>
/// The last good key sets on disk, so that a control plane that starts while an issuer is away hands out what there
/// was. They are public keys: nothing here is secret.
/// </summary>
internal sealed class KeySetFolder(string state, ILogger log)
{
    private const string Extension = ".json";

    private readonly string _path = Path.Combine(state, "jwks");

    /// <summary>What was kept; files that are none of ours are left aside.</summary>
    public TokenKeys Load()
    {
        var sets = ImmutableDictionary.CreateBuilder<string, TokenKeySet>(StringComparer.Ordinal);
        try
        {
            foreach (var file in Directory.Exists(_path) ? Directory.GetFiles(_path, "*" + Extension) : [])
            {
                if (Read(file) is var (name, json))
                {
                    sets[name] = new TokenKeySet(json, "");
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(log, exception.Message);
        }

        return new TokenKeys { Sets = sets.ToImmutable() };
    }

    /// <summary>Keeps a set in place of the one before.</summary>
    public void Save(string name, string json)
    {
        try
        {
            Directory.CreateDirectory(_path);
            var file = FileOf(name);
            var text = JsonSerializer.Serialize(new KeptKeySet(name, json), KeptJson.Default.KeptKeySet);
            File.WriteAllText(file + ".new", text);
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(log, exception.Message);
        }
    }

    /// <summary>Forgets a set.</summary>
    public void Remove(string name)
    {
        try
        {
            File.Delete(FileOf(name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(log, exception.Message);
        }
    }

    private static (string Name, string Json)? Read(string file)
    {
        try
        {
            var kept = JsonSerializer.Deserialize(File.ReadAllText(file), KeptJson.Default.KeptKeySet);
            return kept is { Name.Length: > 0, Json: not null }
                && SigningKeySet.Reduce(Encoding.UTF8.GetBytes(kept.Json), out _) is { } json
                ? (kept.Name, json)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string FileOf(string name) => Path.Combine(
        _path, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)) + Extension);
}

/// <summary>A key set on disk.</summary>
internal sealed record KeptKeySet(string Name, string Json);

[System.Text.Json.Serialization.JsonSerializable(typeof(KeptKeySet))]
internal sealed partial class KeptJson : System.Text.Json.Serialization.JsonSerializerContext;
