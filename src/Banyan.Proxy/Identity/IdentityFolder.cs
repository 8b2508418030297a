using System.Security.Cryptography;
using System.Text;
using Banyan.Proxy.Background;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>Where an identity is kept between starts: <c>key.pem</c>, <c>chain.pem</c>, <c>trust.pem</c> and
/// <c>denied.txt</c>, for their owner alone.</summary>
/// <remarks>Used by one thread at a time. Each file is replaced whole. A new key waits as <c>key.next.pem</c> until its chain is
/// there: whenever the process ends, one of both keys fits the chain.</remarks>
internal sealed class IdentityFolder(string folder)
{
    private const string Key = "key.pem";
    private const string NextKey = "key.next.pem";
    private const string Chain = "chain.pem";
    private const string Trust = "trust.pem";
    private const string DeniedFile = "denied.txt";
    private const string KeyLabel = "PRIVATE KEY";
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What is kept; null when there is nothing, or it cannot be used: then <paramref name="unusable"/> says why.</summary>
    /// <param name="unusable">Why there is none; empty when there never was one.</param>
    /// <exception cref="IdentityException">Others can read or change it, or it is somebody else's: nobody may go on with it.</exception>
    public ProxyIdentity? Load(out string unusable)
    {
        unusable = "";
        if (!File.Exists(PathOf(Chain)))
        {
            return null;
        }

        try
        {
            // Whoever can put an anchor here decides whom this proxy trusts.
            Require(FileOwner.IsOurFolderAlone(folder, out var problem), problem);
            Require(FileOwner.IsOursAlone(PathOf(Chain), out problem), problem);
            Require(FileOwner.IsOursAlone(PathOf(Trust), out problem), problem);
            var chain = ReadCertificates(Chain);
            var anchors = ReadCertificates(Trust);
            var key = KeyOf(chain);
            return ProxyIdentity.Create(key, chain, anchors);
        }
        catch (Exception error) when (error is TlsException or IOException or UnauthorizedAccessException)
        {
            unusable = $"{folder}: {error.Message}";
            return null;
        }
    }

    /// <summary>Keeps an identity.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public void Save(ProxyIdentity identity)
    {
        Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
        File.SetUnixFileMode(folder, Owner | UnixFileMode.UserExecute);
        Write(NextKey, PemEncoding.WriteString(KeyLabel, identity.Proof.Key));
        SaveAnchors(identity);
        Write(Chain, Pem.Write(identity.Proof.Chain));
        File.Move(PathOf(NextKey), PathOf(Key), overwrite: true);
    }

    /// <summary>Keeps the anchors alone.</summary>
    /// <inheritdoc cref="Save"/>
    public void SaveAnchors(ProxyIdentity identity) => Write(Trust, Pem.Write(identity.Anchors));

    /// <summary>Keeps the serials that are denied.</summary>
    /// <inheritdoc cref="Save"/>
    public void SaveDenied(IReadOnlyCollection<string> serials)
    {
        if (Directory.Exists(folder))
        {
            Write(DeniedFile, string.Concat(serials.Select(static serial => serial + "\n")));
        }
    }

    /// <summary>The serials that were denied; none when there is no such file, or none that can be read.</summary>
    public IReadOnlyCollection<string> LoadDenied()
    {
        try
        {
            var path = PathOf(DeniedFile);
            return File.Exists(path) && FileOwner.IsOursAlone(path, out _)
                ? File.ReadAllLines(path).Where(static line => line.Length > 0).ToArray()
                : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void Require(bool good, string problem)
    {
        if (!good)
        {
            throw new IdentityException(problem);
        }
    }

    private string PathOf(string name) => Path.Combine(folder, name);

    private byte[] KeyOf(byte[][] chain)
    {
        var key = File.Exists(PathOf(Key)) ? ReadKey(Key) : null;
        if (key is not null && (!File.Exists(PathOf(NextKey)) || PrivateKey.Fits(key, chain[0])))
        {
            return key;
        }

        // It ended between the chain and its key.
        key = ReadKey(NextKey);
        File.Move(PathOf(NextKey), PathOf(Key), overwrite: true);
        return key;
    }

    private byte[] ReadKey(string name)
    {
        var path = PathOf(name);
        Require(FileOwner.IsOursAlone(path, out var problem), problem);
        var text = File.ReadAllText(path);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != KeyLabel)
        {
            throw new TlsException($"{path} holds no private key (PKCS#8, PEM)");
        }

        return Convert.FromBase64String(text[fields.Base64Data]);
    }

    private byte[][] ReadCertificates(string name)
    {
        if (new FileInfo(PathOf(name)).Length > Pem.LongestText)
        {
            throw new TlsException($"{PathOf(name)} is longer than {Pem.LongestText} bytes");
        }

        return Pem.Certificates(File.ReadAllText(PathOf(name)), PathOf(name));
    }

    private void Write(string name, string text)
    {
        var path = PathOf(name);
        var draft = path + ".draft";
        File.Delete(draft);
        using (var file = new FileStream(
            draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner }))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }
}
