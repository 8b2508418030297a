using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// The files of a root that takes the place of another: <c>ca.next/</c> beside the authority until it signs, and
/// <c>ca.previous/</c> after that until the old one is retired. Each stage begins with one rename.
/// </summary>
/// <remarks>Used under the authority's lock.</remarks>
internal sealed class RootRotation(string state)
{
    /// <summary>When the stage began, as ISO 8601; stands with the files, so that a restart knows it.</summary>
    private const string Since = "since.txt";

    private readonly CaFolder _current = new(state, "ca");
    private readonly CaFolder _next = new(state, "ca.next");
    private readonly CaFolder _previous = new(state, "ca.previous");

    /// <summary>Where it stands.</summary>
    public RotationStage Stage => _previous.Exists ? RotationStage.Signing
        : _next.Exists ? RotationStage.Trusted
        : RotationStage.None;

    /// <summary>When this stage began; null while there is no rotation.</summary>
    public DateTimeOffset? Begun => (Stage switch
    {
        RotationStage.Trusted => _next.Read(Since),
        RotationStage.Signing => _current.Read(Since),
        _ => null,
    }) is { } text
        ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
        : null;

    /// <summary>Finishes the renames of a process that was killed between two of them.</summary>
    public void Recover()
    {
        if (!_current.Exists && _next.Exists && _previous.Exists)
        {
            _next.MoveTo(_current);
        }
    }

    /// <summary>Trust: the next root is made, and an anchor from now on.</summary>
    /// <exception cref="CaException">Somebody else says who is trusted.</exception>
    public void Trust(IEnumerable<(string Name, string Text)> next, X509Certificate2 root, DateTimeOffset now)
    {
        if (_current.Read(CaFolder.Anchors) is not null)
        {
            throw new CaException(
                $"{_current[CaFolder.Anchors]} holds anchors of yours: take it away first, a rotation writes it");
        }

        _next.Create([.. next, (Since, $"{now.ToUniversalTime():O}")]);
        _current.Write(CaFolder.Anchors, Pem([root]));
    }

    /// <summary>Sign: the next root is the one, the old one an anchor.</summary>
    public void Sign(X509Certificate2 old, DateTimeOffset now)
    {
        _next.Write(CaFolder.Anchors, Pem([old]));
        _next.Write(Since, $"{now.ToUniversalTime():O}");
        _current.MoveTo(_previous);
        _next.MoveTo(_current);
    }

    /// <summary>Retire: the old root is trusted no more, and its key gone.</summary>
    public void Retire()
    {
        _current.Delete(CaFolder.Anchors);
        _current.Delete(Since);
        _previous.Remove();
    }

    /// <summary>Back: the next root was never used.</summary>
    public void Abort()
    {
        _current.Delete(CaFolder.Anchors);
        _next.Remove();
    }

    private static string Pem(IEnumerable<X509Certificate2> certificates) =>
        string.Concat(certificates.Select(each => each.ExportCertificatePem() + "\n"));
}

/// <summary>How far a rotation is.</summary>
internal enum RotationStage
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>The next root is trusted, and signs nothing yet.</summary>
    Trusted,

    /// <summary>The next root signs, the old one is trusted still.</summary>
    Signing,
}
