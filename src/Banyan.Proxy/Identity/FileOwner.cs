using System.Runtime.InteropServices;

namespace Banyan.Proxy.Identity;

/// <summary>Whose a file is, which .NET does not say.</summary>
internal static unsafe partial class FileOwner
{
    private const int CurrentFolder = -100;      // AT_FDCWD
    private const int DoNotFollow = 0x100;       // AT_SYMLINK_NOFOLLOW
    private const uint TypeModeAndOwner = 0x000B; // STATX_TYPE | STATX_MODE | STATX_UID
    private const uint TypeMask = 0xF000;
    private const uint RegularFile = 0x8000;
    private const uint Folder = 0x4000;
    private const uint Others = 0x3F;

    // struct statx is the same on every architecture.
    private const int Size = 256;
    private const int OwnerOffset = 20;
    private const int ModeOffset = 28;

    /// <summary>True for a plain file of this user that nobody else can read or write; else what is wrong, and the mend.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    internal static bool IsOursAlone(string path, out string problem) => IsOursAlone(path, RegularFile, out problem);

    /// <summary>The same of a folder.</summary>
    /// <inheritdoc cref="IsOursAlone(string, out string)"/>
    internal static bool IsOurFolderAlone(string path, out string problem) => IsOursAlone(path, Folder, out problem);

    private static bool IsOursAlone(string path, uint type, out string problem)
    {
        var status = stackalloc byte[Size];
        if (StatX(CurrentFolder, path, DoNotFollow, TypeModeAndOwner, status) != 0)
        {
            throw new IOException($"{path} cannot be looked at: errno {Marshal.GetLastPInvokeError()}");
        }

        var owner = *(uint*)(status + OwnerOffset);
        uint mode = *(ushort*)(status + ModeOffset);
        var us = EffectiveUser();
        var (what, right) = type == Folder ? ("folder", "700") : ("plain file", "600");
        problem = (mode & TypeMask) != type ? $"{path} is no {what}; put the {what} itself there, or remove it and join again"
            : owner != us ? $"{path} belongs to user {owner} and the proxy runs as user {us}: chown {us} {path}, or remove it and join again"
            : (mode & Others) != 0 ? $"{path} can be read or changed by others: chmod {right} {path}"
            : "";
        return problem.Length == 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
