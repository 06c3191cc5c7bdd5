using System.Globalization;
using System.Text;

namespace Quorleans.Client.Demo;

/// <summary>The texts that the demonstration counts the words of: this repository's own, as often as it takes.</summary>
internal static class DemoTexts
{
    private static readonly EnumerationOptions Everywhere = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 8,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint | FileAttributes.System,
        IgnoreInaccessible = true,
    };

    /// <summary>Writes them.</summary>
    /// <param name="repository">The repository's root; null: made-up text is taken.</param>
    /// <param name="folder">Where to; created.</param>
    /// <param name="files">How many files.</param>
    /// <param name="bytes">How large each is at least.</param>
    /// <returns>What they are made of, for people.</returns>
    public static string Write(string? repository, string folder, int files, int bytes)
    {
        Directory.CreateDirectory(folder);
        byte[][] texts = repository is null ? [Encoding.UTF8.GetBytes(MadeUp())] : [.. Find(repository).Select(File.ReadAllBytes)];
        int next = 0;
        for (int i = 0; i < files; i++)
        {
            using FileStream file = File.Create(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"text-{i:00}")));
            while (file.Length < bytes) file.Write(texts[next++ % texts.Length]);
        }

        return repository is null ? "made-up text" : $"made of the {texts.Length} texts and sources of this repository";
    }

    private static IEnumerable<string> Find(string repository) =>
        Directory.EnumerateFiles(repository, "*", Everywhere)
            .Where(file => Path.GetExtension(file) is ".md" or ".cs" && !Path.GetRelativePath(repository, file).Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    private static string MadeUp() => string.Concat(Enumerable.Range(0, 5000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"nobody wrote word{(char)('a' + (i % 26))} number {i}\n")));
}
