# PowerShell completion for mcpctl. It asks the program itself, so it does not grow old with it.

Register-ArgumentCompleter -Native -CommandName @('mcpctl', 'mcpctl.exe') -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @()
    $cursor = -1
    foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
        $extent = $element.Extent
        if ($cursor -lt 0 -and $extent.StartOffset -gt $cursorPosition) {
            $cursor = $words.Count
            $words += ':'
        }
        elseif ($cursor -lt 0 -and $extent.EndOffset -ge $cursorPosition) {
            $cursor = $words.Count
        }
        $words += ':' + $extent.Text.Trim("'", '"')
    }
    if ($cursor -lt 0) {
        $cursor = $words.Count
        $words += ':'
    }

    $program = $commandAst.GetCommandName()
    if (-not (Get-Command $program -CommandType Application -ErrorAction SilentlyContinue)) { $program = 'mcpctl' }
    # Where files are meant nothing is answered, and PowerShell offers files by itself.
    & $program __complete $cursor @words 2>$null | Where-Object { $_ -and -not $_.StartsWith(':') } | ForEach-Object {
        $word, $about = $_ -split "`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
