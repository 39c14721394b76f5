/** A reading room: it counts the words of a small library, and shows what it found as soon as a count is done, whoever asked for it. */
import '@tidings/element'
import { createApp } from 'vue'
import App from './App.vue'
import './room.css'

createApp(App).mount('#root')
