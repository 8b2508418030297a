namespace Banyan.Model;

/// <summary>For whom resources are rendered: data planes want the same said differently.</summary>
public enum Flavour
{
    /// <summary>Banyan's own proxy.</summary>
    Banyan,

    /// <summary>gRPC libraries with an xDS resolver.</summary>
    Grpc,

    /// <summary>Envoy.</summary>
    Envoy,
}

/// <summary>The flavours' names, as a node says them in its metadata.</summary>
public static class Flavours
{
    /// <summary>The entry of the node's metadata.</summary>
    public const string MetadataKey = "FLAVOUR";

    /// <summary>How many there are.</summary>
    public const int Count = 3;

    private static readonly string[] Words = ["banyan", "grpc", "envoy"];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names => Words;

    /// <summary>The name of one.</summary>
    public static string Word(this Flavour flavour) => Words[(int)flavour];

    /// <summary>Finds one by its name.</summary>
    public static bool TryParse(string word, out Flavour flavour)
    {
        var index = Array.IndexOf(Words, word);
        flavour = (Flavour)Math.Max(index, 0);
        return index >= 0;
    }
}
