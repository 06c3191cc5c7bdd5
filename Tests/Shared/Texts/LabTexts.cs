using System.Buffers;
using System.Text;

namespace Quorleans.Tests.Shared;

/// <summary>The eight texts of lab 1; where nobody has put them, generated ones of the same names and sizes.</summary>
public static class LabTexts
{
    private static readonly (string Name, int Bytes)[] Texts =
    [
        ("pg-being_ernest.txt", 138_885), ("pg-dorian_gray.txt", 453_168), ("pg-frankenstein.txt", 441_033), ("pg-grimm.txt", 540_174),
        ("pg-huckleberry_finn.txt", 594_262), ("pg-metamorphosis.txt", 139_054), ("pg-sherlock_holmes.txt", 581_863), ("pg-tom_sawyer.txt", 412_665),
    ];

    /// <summary>Their full paths, in the order of their names: in <c>shared/data</c> beside the repository when all are there, otherwise made.</summary>
    /// <param name="folder">Where they are made. It exists.</param>
    public static IReadOnlyList<string> FindOrMake(string folder)
    {
        if (Beside() is { } data && Paths(data) is var real && real.All(File.Exists)) return real;
        for (int i = 0; i < Texts.Length; i++) File.WriteAllBytes(Path.Combine(folder, Texts[i].Name), Make(i, Texts[i].Bytes));
        return Paths(folder);
    }

    private static string[] Paths(string folder) => [.. Texts.Select(text => Path.Combine(folder, text.Name))];

    private static string? Beside()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orleans.sln"))) folder = folder.Parent;
        return folder?.Parent is { } beside ? Path.Combine(beside.FullName, "shared", "data") : null;
    }

    /// <summary>Exactly so many bytes, and no character that is cut.</summary>
    private static byte[] Make(int seed, int bytes)
    {
        byte[] text = Corpus.Text(seed, bytes);
        int end = bytes - 1;
        while (Rune.DecodeFromUtf8(text.AsSpan(end), out _, out _) != OperationStatus.Done) end--;
        text.AsSpan(end, bytes - end).Fill((byte)'\n');
        return text[..bytes];
    }
}
