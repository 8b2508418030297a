using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// The files of a root that takes the place of another: <c>ca.next/</c> beside the authority until it signs, and
/// <c>ca.previous/</c> after that until the old one is retired. Each step is decided by one rename: what was done
/// before it is taken back by the next start, what is left to do after it is done then.
/// </summary>
/// <remarks>Used under the authority's lock.</remarks>
internal sealed class RootRotation(string state)
{
    /// <summary>When a stage began, as ISO 8601; stands with the files, so that a restart knows it.</summary>
    private const string TrustedSince = "trusted-since.txt";

    private const string SigningSince = "since.txt";

    private readonly CaFolder _current = new(state, "ca");
    private readonly CaFolder _next = new(state, "ca.next");
    private readonly CaFolder _previous = new(state, "ca.previous");

    // What is being made, and what is being removed: none of it counts.
    private readonly CaFolder _making = new(state, "ca.making");
    private readonly CaFolder _leaving = new(state, "ca.leaving");

    /// <summary>Where it stands.</summary>
    public RotationStage Stage => _previous.Exists ? RotationStage.Signing
        : _next.Exists ? RotationStage.Trusted
        : RotationStage.None;

    /// <summary>When this stage began; null while there is no rotation, or nobody knows.</summary>
    public DateTimeOffset? Begun
    {
        get
        {
            var text = Stage switch
            {
                RotationStage.Trusted => _next.Read(TrustedSince) ?? _next.Read(SigningSince),
                RotationStage.Signing => _current.Read(SigningSince),
                _ => null,
            };
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
        }
    }

    /// <summary>Finishes a step that was decided, and takes back one that was not. Whatever was interrupted.</summary>
    public void Recover()
    {
        _making.Remove();
        if (!_current.Exists && _next.Exists && _previous.Exists)
        {
            // Sign: the old one is away, the next one not there yet.
            _next.MoveTo(_current);
        }

        if (!_current.Exists)
        {
            return;
        }

        if (_leaving.Exists)
        {
            Leave();
        }
        else if (Stage == RotationStage.Trusted
            && _next.Read(CaFolder.Root) is { } root && _current.Read(CaFolder.Anchors) is null)
        {
            _current.Write(CaFolder.Anchors, root);
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

        _making.Create([.. next, (TrustedSince, Text(now))]);
        _making.MoveTo(_next);
        _current.Write(CaFolder.Anchors, Pem([root]));
    }

    /// <summary>Sign: the next root is the one, the old one an anchor.</summary>
    public void Sign(X509Certificate2 old, DateTimeOffset now)
    {
        // Of no effect before the renames: the anchors beside the next root are not read yet.
        _next.Write(CaFolder.Anchors, Pem([old]));
        _next.Write(SigningSince, Text(now));
        _current.MoveTo(_previous);
        _next.MoveTo(_current);
        _current.Delete(TrustedSince);
    }

    /// <summary>Retire: the old root is trusted no more, and its key gone.</summary>
    public void Retire()
    {
        _leaving.Remove();
        _previous.MoveTo(_leaving);
        Leave();
    }

    /// <summary>Back: the next root was never used.</summary>
    public void Abort()
    {
        _leaving.Remove();
        _next.MoveTo(_leaving);
        Leave();
    }

    /// <summary>
    /// The stage began not before now: what was given out until its anchors were in use does not have them.
    /// </summary>
    public void Restart(DateTimeOffset now)
    {
        switch (Stage)
        {
            case RotationStage.Trusted:
                _next.Write(TrustedSince, Text(now));
                break;
            case RotationStage.Signing:
                _current.Write(SigningSince, Text(now));
                break;
        }
    }

    private void Leave()
    {
        _current.Delete(CaFolder.Anchors);
        _current.Delete(SigningSince);
        _current.Delete(TrustedSince);
        _leaving.Remove();
    }

    private static string Text(DateTimeOffset time) => $"{time.ToUniversalTime():O}";

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
