using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// The authority of the mesh: what signs, and who is trusted. Signs on any thread; the files are changed by
/// <see cref="CaKeeper"/> and by orders of the administrator, one at a time.
/// </summary>
internal sealed partial class CertificateAuthority
{
    private readonly Lock _signing = new();
    private readonly Lock _changing = new();
    private readonly CaFolder _folder;
    private readonly CaFolder _draft;
    private readonly CaFolder _request;
    private readonly CaFolder _replaced;
    private readonly RootRotation _rotation;
    private CaMaterial? _candidate;
    private volatile CaMaterial? _material;
    private volatile string? _problem;
    private string _stamp = "";

    private CertificateAuthority(string state)
    {
        _folder = new CaFolder(state, "ca");
        _draft = new CaFolder(state, "ca.draft");
        _request = new CaFolder(state, "ca.request");
        _replaced = new CaFolder(state, "ca.old");
        _rotation = new RootRotation(state);
    }

    /// <summary>Where its files are.</summary>
    public string Folder => _folder.Path;

    /// <summary>What signs now; null until it was admitted.</summary>
    public CaMaterial? Material => _material;

    /// <summary>Why the files as they are now are not in use; null while they are.</summary>
    public string? Problem => _problem;

    /// <summary>Whether it may sign.</summary>
    public bool IsAdmitted => _material is not null;

    /// <summary>The hash of the root that waits to be admitted.</summary>
    public string CandidateHash => _candidate!.RootHash;

    /// <summary>Looks at what is there. Without files there is no authority yet.</summary>
    /// <exception cref="ControlPlaneException">The files are open to others, or damaged.</exception>
    public static CertificateAuthority Open(string state)
    {
        var authority = new CertificateAuthority(state);
        try
        {
            authority._rotation.Recover();
            if (authority._folder.Exists)
            {
                // One that was followed by another, by a process that ended before it had removed it.
                authority._replaced.Remove();
                authority._candidate = CaMaterial.Read(authority._folder);
            }

            return authority;
        }
        catch (Exception exception) when (exception is CaException or IOException or UnauthorizedAccessException)
        {
            throw new ControlPlaneException($"the certificate authority cannot start: {exception.Message}", exception);
        }
    }

    /// <summary>Whether its files are there, in use or not.</summary>
    public bool HasFiles => _folder.Exists;

    /// <summary>
    /// Reads what is there, or makes a root and an issuing certificate beside the place where they will be.
    /// </summary>
    /// <returns>Whether they are new.</returns>
    public bool Prepare(DateTimeOffset now, TimeSpan rootLife, TimeSpan issuingLife)
    {
        lock (_changing)
        {
            if (_folder.Exists)
            {
                _candidate = CaMaterial.Read(_folder);
                return false;
            }

            // One that was about to be admitted when the process ended may be the one that others know.
            _candidate = TryRead(_draft) ?? Make(_draft, now, rootLife, issuingLife);
            return true;
        }
    }

    /// <summary>Begins to sign with what was prepared, if the mesh has this root.</summary>
    public void Admit(bool isOurs)
    {
        lock (_changing)
        {
            if (!isOurs)
            {
                _problem = Foreign(CandidateHash);
                return;
            }

            if (!_folder.Exists)
            {
                _draft.MoveTo(_folder);
            }

            Load();
        }
    }

    /// <summary>
    /// Reads the files again when they have changed; what cannot be used leaves the last good ones in use.
    /// </summary>
    /// <param name="pinned">The only root that may sign; null = any.</param>
    /// <returns>Whether others are in use now.</returns>
    public bool Reload(string? pinned = null)
    {
        lock (_changing)
        {
            if (_material is null || !_folder.Exists || _folder.Stamp() is var stamp && stamp == _stamp)
            {
                return false;
            }

            // Before the content: what changes meanwhile is looked at again.
            _stamp = stamp;
            try
            {
                var next = CaMaterial.Read(_folder);
                if (pinned is not null && next.RootHash != pinned)
                {
                    _problem = Foreign(next.RootHash);
                    return false;
                }

                (_material, _problem) = (next, null);
                return true;
            }
            catch (CaException exception)
            {
                _problem = exception.Message;
                return false;
            }
        }
    }

    /// <summary>Makes a new issuing key and certificate under the root, whose key must be there.</summary>
    public void RenewIssuing(DateTimeOffset now, TimeSpan life)
    {
        lock (_changing)
        {
            if (_material is not { RootKey: { } rootKey } material)
            {
                throw new InvalidOperationException("the root's key is not here");
            }

            using var key = CertificateMaker.NewKey();
            using var issuing = CertificateMaker.Issuing(key, material.Root, rootKey, now, life);
            _folder.Write(CaFolder.Issuing, Text(issuing) + Text(key));
            _folder.Delete(CaFolder.IssuingKey);
            Load();
        }
    }

    /// <summary>Signs a leaf.</summary>
    /// <exception cref="InvalidOperationException">There is no authority yet.</exception>
    public X509Certificate2 Sign(
        CaMaterial material, SpiffeId identity, PublicKey key, DateTimeOffset now, TimeSpan life)
    {
        // The library promises nothing about one key on several threads; a signature takes 30 us.
        lock (_signing)
        {
            return CertificateMaker.Leaf(material, identity, key, now, life);
        }
    }

    private string Foreign(string hash) =>
        $"the control planes that share the database have another root than {hash}: "
        + $"give this one an issuing certificate of theirs, or copy their {_folder.Path} to here";

    private static CaMaterial? TryRead(CaFolder draft)
    {
        try
        {
            return draft.Exists ? CaMaterial.Read(draft) : null;
        }
        catch (CaException)
        {
            // A process ended while it wrote this.
            return null;
        }
    }

    private static CaMaterial Make(CaFolder draft, DateTimeOffset now, TimeSpan rootLife, TimeSpan issuingLife)
    {
        draft.Create(NewFiles(now, rootLife, issuingLife, out _));
        return CaMaterial.Read(draft);
    }

    /// <summary>Keys and certificates of a new root, as the files that hold them.</summary>
    private static List<(string Name, string Text)> NewFiles(
        DateTimeOffset now, TimeSpan rootLife, TimeSpan issuingLife, out X509Certificate2 root)
    {
        using var rootKey = CertificateMaker.NewKey();
        root = CertificateMaker.Root(rootKey, now, rootLife);
        using var key = CertificateMaker.NewKey();
        using var issuing = CertificateMaker.Issuing(key, root, rootKey, now, issuingLife);
        return
        [
            (CaFolder.Root, Text(root)),
            (CaFolder.RootKey, Text(rootKey)),
            (CaFolder.Issuing, Text(issuing) + Text(key)),
        ];
    }

    private void Load()
    {
        // Before the content: what changes meanwhile is looked at again.
        var stamp = _folder.Stamp();
        _material = CaMaterial.Read(_folder);
        _stamp = stamp;
        _problem = null;
    }

    private static string Text(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    private static string Text(ECDsa key) => key.ExportPkcs8PrivateKeyPem() + "\n";
}
