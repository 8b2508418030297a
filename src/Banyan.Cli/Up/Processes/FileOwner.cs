namespace Banyan.Cli.Up.Processes;

/// <summary>Whose a folder is, which the base class library does not say.</summary>
internal static class FileOwner
{
    // struct statx: 256 bytes, stx_uid at 20, stx_mode (two bytes) at 28.
    private const int Size = 256;
    private const int UserOffset = 20;
    private const int ModeOffset = 28;

    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint TypeModeAndUser = 0x1 | 0x2 | 0x8;

    private const int TypeMask = 0xF000;
    private const int FolderType = 0x4000;
    private const int PermissionMask = 0xFFF;

    /// <summary>0700.</summary>
    private const int OwnerOnly = 0x1C0;

    /// <summary>Whether a path is a folder, no link to one, of this very user, that nobody else may enter.</summary>
    public static unsafe bool IsPrivateFolder(string path)
    {
        var result = stackalloc byte[Size];
        if (Libc.StatX(CurrentFolder, path, NoFollow, TypeModeAndUser, result) != 0)
        {
            return false;
        }

        var mode = *(ushort*)(result + ModeOffset);
        return (mode & TypeMask) == FolderType
            && (mode & PermissionMask) == OwnerOnly
            && *(uint*)(result + UserOffset) == Libc.EffectiveUser();
    }
}
