using System.Text;

namespace Banyan.Testing.Hostile;

/// <summary>Who says the bytes of a case.</summary>
public enum HostileSide
{
    /// <summary>A client, to the proxy.</summary>
    Request,

    /// <summary>A backend, to the proxy, as the answer to <see cref="HostileCase.Method"/>.</summary>
    Response,
}

/// <summary>How much of a refused request a backend may have seen.</summary>
public enum BackendSees
{
    /// <summary>Not one byte: the head was refused.</summary>
    Nothing,

    /// <summary>The head and what stood before the fault in the body, but no end of the body.</summary>
    UnfinishedBody,

    /// <summary>All of it: the case is valid.</summary>
    Everything,
}

/// <summary>One message, or several on one connection, and what must become of it.</summary>
/// <param name="Name">Rule and position, unique.</param>
/// <param name="Side">Who says it.</param>
/// <param name="Method">Of a response: the method of the request it answers.</param>
/// <param name="Text">The bytes, one character each (Latin-1).</param>
/// <param name="Status">400, 431 or 502; 0 when it is accepted.</param>
/// <param name="Reason">Name of the member of <c>Malformed</c>; empty when it is accepted.</param>
/// <param name="Why">The rule in words, with its section.</param>
/// <param name="Sees">What a backend may see of it (requests).</param>
public sealed record HostileCase(
    string Name,
    HostileSide Side,
    string Method,
    string Text,
    int Status,
    string Reason,
    string Why,
    BackendSees Sees)
{
    /// <summary>The path of <see cref="Follower"/>: a backend that is asked for it was smuggled to.</summary>
    public const string SmuggledPath = "/smuggled";

    /// <summary>A request to be sent right behind a refused one; it must never be served.</summary>
    public const string Follower = $"GET {SmuggledPath} HTTP/1.1\r\nHost: {HostileCases.Host}\r\n\r\n";

    /// <summary>Whether the proxy must let it through.</summary>
    public bool Accepted => Status == 0;

    /// <summary>The bytes.</summary>
    public byte[] Bytes => Encoding.Latin1.GetBytes(Text);

    /// <inheritdoc />
    public override string ToString() => $"{Side}: {Name}";
}
