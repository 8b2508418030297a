using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>What an administrator may order: a certificate signed elsewhere, another root.</summary>
internal sealed partial class CertificateAuthority
{
    /// <summary>How far a change of the root is, and since when.</summary>
    public (RotationStage Stage, DateTimeOffset? Begun) Rotation
    {
        get
        {
            lock (_changing)
            {
                return (_rotation.Stage, _rotation.Begun);
            }
        }
    }

    /// <summary>
    /// Makes a key for an issuing certificate, and the request for it in PEM. An earlier request is forgotten.
    /// </summary>
    public string Request()
    {
        lock (_changing)
        {
            using var key = CertificateMaker.NewKey();
            _request.Create((CaFolder.RequestedKey, Text(key)));
            return CertificateMaker.IssuingRequest(key) + "\n";
        }
    }

    /// <summary>Takes an issuing certificate that somebody else signed.</summary>
    /// <param name="pem">It first, then what leads to the root; the root may be the last.</param>
    /// <param name="isUnused">Whether nobody has a certificate yet: then the root may be another one.</param>
    /// <param name="now">The time that counts.</param>
    /// <exception cref="CaException">It does not fit; nothing has changed.</exception>
    public void Install(string pem, bool isUnused, DateTimeOffset now)
    {
        const string Text = "the text";
        lock (_changing)
        {
            var certificates = CaMaterial.Parse(pem, Text);
            var (root, chain) = Split(certificates);
            foreach (var certificate in chain)
            {
                CaCheck.RequireAuthority(certificate, Text);
            }

            if (now > Certificates.Until(chain[0]) || now < Certificates.From(chain[0]))
            {
                throw new CaException(
                    $"{chain[0].Subject} is valid from {Certificates.From(chain[0]):u} until "
                    + $"{Certificates.Until(chain[0]):u}, and here it is {now:u}");
            }

            CaCheck.RequireAuthority(root, Text);
            CaCheck.RequireChain(chain, [root], $"{chain[0].Subject} does not lead to the root {root.Subject}");
            Replace(root, chain, KeyOf(chain[0]), isUnused);
        }
    }

    /// <summary>Begins the next stage of a change of the root: trust it, sign with it, retire the old one.</summary>
    /// <param name="expected">
    /// Where the rotation stands, as whoever orders this has seen it: of two who order the same step one has it.
    /// </param>
    /// <param name="begun">Since when, likewise.</param>
    /// <param name="time">Tells when the stage begins: not before what is signed is signed by it.</param>
    /// <param name="rootLife">Of a root that is made.</param>
    /// <param name="issuingLife">Of its issuing certificate.</param>
    /// <exception cref="CaException">It cannot begin; nothing has changed.</exception>
    public RotationStage Advance(
        RotationStage expected, DateTimeOffset? begun, TimeProvider time, TimeSpan rootLife, TimeSpan issuingLife)
    {
        lock (_changing)
        {
            var material = _material ?? throw new CaException("there is no authority yet");
            return Step(expected, begun, () =>
            {
                var now = time.GetUtcNow();
                switch (expected)
                {
                    case RotationStage.None:
                        _rotation.Trust(NewFiles(now, rootLife, issuingLife, out var root), root, now);
                        break;
                    case RotationStage.Trusted:
                        _rotation.Sign(material.Root, now);
                        break;
                    default:
                        _rotation.Retire();
                        break;
                }

                Load();

                // Answers that were made meanwhile have the anchors of before.
                _rotation.Restart(time.GetUtcNow());
            });
        }
    }

    /// <summary>Takes back a root that does not sign yet.</summary>
    /// <exception cref="CaException">There is none.</exception>
    public void Abort()
    {
        lock (_changing)
        {
            if (_rotation.Stage != RotationStage.Trusted)
            {
                throw new CaException("there is no root to take back: one that signs is followed by another one");
            }

            Step(RotationStage.Trusted, _rotation.Begun, () =>
            {
                _rotation.Abort();
                Load();
            });
        }
    }

    /// <summary>
    /// Does a step whole: one that the disk interrupts is finished or taken back before anything else is done.
    /// </summary>
    private RotationStage Step(RotationStage expected, DateTimeOffset? begun, Action step)
    {
        try
        {
            _rotation.Recover();
            if (_rotation.Stage != expected || _rotation.Begun != begun)
            {
                throw new CaException(
                    "somebody else has begun another stage meanwhile: `banyan certs status` shows where it stands");
            }

            step();
            return _rotation.Stage;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CaException($"the step was not finished: {exception.Message}", exception);
        }
    }

    private (X509Certificate2 Root, List<X509Certificate2> Chain) Split(List<X509Certificate2> certificates)
    {
        var last = certificates[^1];
        if (certificates.Count > 1 && last.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData))
        {
            return (last, [.. certificates.SkipLast(1)]);
        }

        return _material is { } material
            ? (material.Root, certificates)
            : throw new CaException("the root is missing: put its certificate behind the others");
    }

    private ECDsa KeyOf(X509Certificate2 issuing)
    {
        using var certified = issuing.GetECDsaPublicKey()!;
        var wanted = certified.ExportSubjectPublicKeyInfo();
        if (_request.Read(CaFolder.RequestedKey) is { } text)
        {
            var requested = ECDsa.Create();
            requested.ImportFromPem(text);
            if (requested.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(wanted))
            {
                return requested;
            }

            requested.Dispose();
        }

        return _material is { } material
            && material.IssuingKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(wanted)
                ? material.IssuingKey
                : throw new CaException(
                    $"{issuing.Subject} is not for the key of the last request: `banyan certs csr` makes another one");
    }

    private void Replace(X509Certificate2 root, List<X509Certificate2> chain, ECDsa key, bool isUnused)
    {
        var issuing = string.Concat(chain.Select(Text)) + Text(key);
        if (_material is { } material && root.RawData.AsSpan().SequenceEqual(material.Root.RawData))
        {
            _folder.Write(CaFolder.Issuing, issuing);
            _folder.Delete(CaFolder.IssuingKey);
        }
        else if (!isUnused)
        {
            throw new CaException(
                $"the root {root.Subject} is not the one of this mesh, whose certificates are in use: "
                + "nobody would trust it");
        }
        else
        {
            // The new one waits beside the place until the old one is away: a kill between the two is made good for
            // by the next start.
            _draft.Create((CaFolder.Root, Text(root)), (CaFolder.Issuing, issuing));
            if (_folder.Exists)
            {
                _replaced.Remove();
                _folder.MoveTo(_replaced);
                _draft.MoveTo(_folder);
                _replaced.Remove();
            }
        }

        _request.Remove();
        if (_folder.Exists)
        {
            Load();
        }
    }
}
